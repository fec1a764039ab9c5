// Every page, as data. `as` is the role of the person who opens it, null for nobody signed in;
// `ready` is what must be there before anything is judged. A path that depends on what the portal
// holds is a function: it gets `get(path)` and
// `post(path, body)`, the API as that person, and returns the path.
export const pages = [
  { name: 'login', path: '/login', as: null, ready: 'form input[name=password]' },
  { name: 'home', path: '/', as: 'developer', ready: 'h1' },
  { name: 'projects', path: '/projects', as: 'developer', ready: 'h1' },
  { name: 'project-new', path: '/projects/new', as: 'developer', ready: 'main form' },
  { name: 'project', path: async (get) => first(await get('/projects'), '/projects/'), as: 'developer', ready: '.tabs' },
  { name: 'me', path: '/me', as: 'developer', ready: 'h1' },
  { name: 'requests', path: '/requests', as: 'ops', ready: 'h1' },
  { name: 'requests-all', path: '/requests?for=all', as: 'ops', ready: '.seg' },
  { name: 'request-open', path: request('open'), as: 'ops', ready: '.voters' },
  { name: 'request-own', path: async (get) => first(await get('/requests?for=mine&state=open'), '/requests/'), as: 'developer', ready: '.voters' },
  { name: 'request-done', path: withSteps, as: 'ops', ready: '.story' },
  { name: 'audit', path: '/audit', as: 'auditor', ready: 'h1' },
  { name: 'runs', path: '/runs', as: 'ops', ready: 'h1' },
  { name: 'runs-stuck', path: '/runs?state=stuck', as: 'auditor', ready: 'h1' },
  { name: 'run-active', path: run('active'), as: 'ops', ready: '.story' },
  { name: 'run-done', path: run('done'), as: 'auditor', ready: '.story' },
  { name: 'run-failed', path: run('failed'), as: 'ops', ready: '.story' },
  { name: 'health', path: '/health', as: 'ops', ready: 'h1' },
  { name: 'production-stop', path: '/production-stop', as: 'ops', ready: 'main form' },
  { name: 'production-stop-read', path: '/production-stop', as: 'auditor', ready: 'h1' },
  { name: 'people', path: '/people', as: 'admin', ready: 'h1' },
  { name: 'people-read', path: '/people', as: 'auditor', ready: 'h1' },
  { name: 'person-new', path: '/people/new', as: 'admin', ready: 'main form' },
  { name: 'person', path: async (get) => person(await get('/people')), as: 'admin', ready: 'main form' },
  { name: 'person-read', path: async (get) => person(await get('/people')), as: 'ops', ready: 'h1' },
  { name: 'clusters', path: '/clusters', as: 'ops', ready: 'h1' },
  { name: 'cluster', path: async (get) => first(await get('/clusters'), '/clusters/'), as: 'admin', ready: 'main form' },
  { name: 'cluster-read', path: async (get) => first(await get('/clusters'), '/clusters/'), as: 'auditor', ready: 'h1' },
  { name: 'cluster-new', path: '/clusters/new', as: 'admin', ready: 'main form' },
  { name: 'environment', path: async (get) => first(await get('/environments'), '/environments/'), as: 'admin', ready: 'main form' },
  { name: 'language', path: async (get) => first(await get('/languages'), '/languages/'), as: 'admin', ready: 'main form' },
  { name: 'environment-new', path: '/environments/new', as: 'admin', ready: 'h1' },
  { name: 'language-new', path: '/languages/new', as: 'admin', ready: 'h1' },
  { name: 'connections', path: '/connections', as: 'admin', ready: 'h1' },
  { name: 'connection', path: async (get) => first(await get('/connections'), '/connections/'), as: 'admin', ready: 'main form' },
  { name: 'connection-read', path: async (get) => first(await get('/connections'), '/connections/'), as: 'ops', ready: 'h1' },
  { name: 'connection-new', path: '/connections/new?kind=registry', as: 'admin', ready: 'main form' },
  { name: 'notices', path: '/notices', as: 'ops', ready: 'h1' },
  { name: 'notices-read', path: '/notices', as: 'auditor', ready: 'h1' },
  { name: 'notice-new', path: '/notices/new?kind=mail', as: 'ops', ready: 'main form' },
  { name: 'notice-new-robot', path: '/notices/new?kind=dingtalk', as: 'admin', ready: 'main form' },
  { name: 'notice', path: async (get) => first(await get('/notices/channels'), '/notices/'), as: 'ops', ready: 'main form' },
  { name: 'notice-read', path: async (get) => first(await get('/notices/channels'), '/notices/'), as: 'auditor', ready: 'h1' },
  { name: 'my-notices', path: '/me/notices', as: 'developer', ready: 'main form' },
  { name: 'project-robots', path: (get) => project(get, '/notices'), as: 'developer', ready: 'main form' },
  { name: 'project-robots-read', path: (get) => project(get, '/notices'), as: 'tester', ready: 'h1' },
  { name: 'project', path: (get) => project(get), as: 'developer', ready: 'h1' },
  { name: 'releases', path: (get) => project(get, '/releases'), as: 'developer', ready: 'h1' },
  { name: 'release-new', path: (get) => project(get, '/releases/new'), as: 'developer', ready: 'main form' },
  { name: 'members', path: (get) => project(get, '/members'), as: 'developer', ready: 'h1' },
  { name: 'members-change', path: (get) => project(get, '/members'), as: 'admin', ready: 'main form' },
  { name: 'project-settings', path: (get) => project(get, '/settings'), as: 'developer', ready: 'main form' },
  { name: 'project-programs', path: (get) => project(get, '/programs'), as: 'developer', ready: 'main form' },
  { name: 'containers', path: (get) => project(get, '/containers'), as: 'developer', ready: 'h1' },
  { name: 'containers-new', path: (get) => project(get, '/containers/new'), as: 'developer', ready: 'main form' },
  { name: 'terminal-new', path: async (get) => { const place = await container(get); return place && `/terminals/new?workload=${place.workload}&pod=${place.pod}`; }, as: 'developer', ready: 'main form' },
  { name: 'terminal', path: async (get, post) => `/terminals/${(await terminal(get, post)).id}`, as: 'developer', ready: '.xterm-rows > div' },
  { name: 'recordings', path: async (get, post) => { await terminal(get, post); return '/recordings'; }, as: 'developer', ready: '.rows' },
  { name: 'recordings-all', path: '/recordings', as: 'auditor', ready: 'h1' },
  { name: 'recording', path: async (get, post) => `/recordings/${(await terminal(get, post)).id}`, as: 'developer', ready: '#replay' },
  { name: 'resources', path: '/resources', as: 'ops', ready: 'h1' },
  { name: 'resources-address', path: '/resources?q=10.20.7.4', as: 'ops', ready: 'h1' },
  { name: 'resources-mine', path: '/resources', as: 'developer', ready: 'h1' },
  { name: 'projects-address', path: '/projects?q=10.20.7.4', as: 'developer', ready: 'h1' },
  { name: 'resource-register', path: '/resources/new?kind=domain', as: 'ops', ready: 'main form' },
  { name: 'resource', path: resource('active'), as: 'developer', ready: 'h1' },
  { name: 'resource-make', path: resource('asked'), as: 'ops', ready: 'main form' },
  { name: 'resource-edit', path: async (get) => { const page = await resource('active')(get); return page && `${page}/edit`; }, as: 'ops', ready: 'main form' },
  { name: 'project-resources', path: (get) => project(get, '/resources'), as: 'developer', ready: 'h1' },
  { name: 'resource-ask', path: (get) => project(get, '/resources/new'), as: 'developer', ready: 'main form' },
  { name: 'image-import', path: (get) => project(get, '/images/new'), as: 'ops', ready: 'main form' },
  { name: 'release-imported', path: imported, as: 'developer', ready: '.story' },
  ...['building', 'awaiting_confirmation', 'confirmed', 'awaiting_approval', 'deploying_production', 'released', 'failed']
    .map((state) => ({ name: `release-${state}`, path: (get) => release(get, state), as: 'developer', ready: 'h1' })),
  { name: 'release-log', path: async (get) => { const page = await release(get, 'released'); return page && `${page}/log/lines?q=push`; }, as: 'developer', ready: '.log' },
  { name: 'release-confirm', path: (get) => release(get, 'awaiting_confirmation'), as: 'tester', ready: 'h1' },
];

// The page of the first item of a list, or nothing where the list is empty.
function first(list, folder) {
  const [item] = list?.items ?? [];
  return item ? folder + (item.number ?? item.key) : null;
}

// Somebody who works on a project.
function person(list) {
  const found = list?.items.find(({ memberships }) => memberships.length > 0);
  return found ? `/people/${found.user}` : null;
}

function request(state) {
  return async (get) => first(await get(`/requests?for=all&state=${state}`), '/requests/');
}

// A durable run in a state.
function run(state) {
  return async (get) => {
    const [found] = (await get(`/runs?state=${state}`))?.items ?? [];
    return found ? `/runs/${found.id}` : null;
  };
}

// A request whose work the portal did itself; a release's work is told on its own page.
async function withSteps(get) {
  const { items } = await get('/requests?for=all&state=done');
  return first({ items: items.filter(({ kind }) => kind === 'containers') }, '/requests/');
}

// The first project that this person may see, or one of its places.
async function project(get, place = '') {
  const found = first(await get('/projects'), '/projects/');
  return found && found + place;
}

// A release in a state, of the first project that has one.
async function release(get, state) {
  for (const { key } of (await get('/projects'))?.items ?? []) {
    const [found] = (await get(`/projects/${key}/releases?state=${state}`))?.items ?? [];
    if (found) return `/projects/${key}/releases/${found.number}`;
  }
  return null;
}

// A container in test that runs.
async function container(get) {
  for (const { key } of (await get('/projects'))?.items ?? []) {
    const { items } = await get(`/projects/${key}/workloads`);
    for (const { id } of items.filter(({ tier }) => tier === 'test')) {
      const pods = (await get(`/workloads/${id}/pods`))?.pods ?? [];
      const runs = pods.find(({ ready }) => ready);
      if (runs) return { workload: id, pod: runs.name };
    }
  }
  return null;
}

// A terminal of one's own that is open.
async function terminal(get, post) {
  const { user } = await get('/me');
  const [open] = (await get(`/recordings?user=${user}&state=open`)).items;
  return open ?? (await post('/terminals', await container(get))).terminal;
}

// A resource in a state.
function resource(state) {
  return async (get) => first(await get(`/resources?state=${state}`), '/resources/');
}

// The newest release of an image that was not built here.
async function imported(get) {
  for (const { key } of (await get('/projects'))?.items ?? []) {
    const releases = (await get(`/projects/${key}/releases`))?.items ?? [];
    const found = releases.find(({ origin }) => origin === 'imported');
    if (found) return `/projects/${key}/releases/${found.number}`;
  }
  return null;
}

export const languages = ['en', 'zh-CN'];
export const widths = [390, 1440];
