// Where the things are that pages show. Each function gets `get(path, role)`, the API as somebody
// who reads all unless a role is named, and gives a path, or nothing where there is no such thing.

const first = (list, folder, place = '') => {
  const [item] = list?.items ?? [];
  return item ? folder + (item.number ?? item.key) + place : null;
};

export const cluster = async (get) => first(await get('/clusters'), '/clusters/');
export async function policy(get) {
  const [found] = (await get('/policies')).items;
  return found ? `/policies/${found.id}` : null;
}
export const environment = async (get) => first(await get('/environments'), '/environments/');
export const language = async (get) => first(await get('/languages'), '/languages/');
export const connection = async (get) => first(await get('/connections'), '/connections/');
export const channel = async (get) => first(await get('/notices/channels'), '/notices/');

// Somebody who works on a project.
export async function person(get) {
  const found = (await get('/people')).items.find(({ memberships }) => memberships.length > 0);
  return found ? `/people/${found.user}` : null;
}

// A request about a project that everybody of it may see.
export function request(state, place = '') {
  return async (get) => {
    const { items } = await get(`/requests?for=all&state=${state}`);
    return first({ items: items.filter(({ project }) => project) }, '/requests/', place);
  };
}

// The developer's own, seen by its author among others.
export const own = async (get) => first(await get('/requests?for=mine&state=open', 'developer'), '/requests/');

// The developer's own of a kind that is changed and asked again by the common form.
export function again(state, place) {
  return async (get) => {
    const { items } = await get(`/requests?for=mine&state=${state}`, 'developer');
    return first({ items: items.filter(({ kind }) => kind === 'production') }, '/requests/', place);
  };
}

// A request whose work the portal did itself; a release's work is told on its own page.
export async function withSteps(get) {
  const { items } = await get('/requests?for=all&state=done');
  return first({ items: items.filter(({ kind }) => kind === 'containers') }, '/requests/');
}

// A container in test that runs.
async function container(get) {
  for (const { key } of (await get('/projects', 'developer')).items) {
    const { items } = await get(`/projects/${key}/workloads`, 'developer');
    for (const { id } of items.filter(({ tier }) => tier === 'test')) {
      const { pods } = await get(`/workloads/${id}/pods`, 'developer');
      const runs = (pods ?? []).find(({ ready }) => ready);
      if (runs) return { workload: id, pod: runs.name };
    }
  }
  return null;
}

export async function terminalForm(get) {
  const place = await container(get);
  return place && `/terminals/new?workload=${place.workload}&pod=${place.pod}`;
}

// A workload of the project that pages are opened of.
export async function removal(get) {
  const page = await project()(get);
  const [workload] = page ? (await get(`${page}/workloads`)).items : [];
  return workload ? `${page}/workloads/${workload.id}/removal` : null;
}

// One that runs, so that there is something to compare.
export async function drift(get) {
  const page = await project()(get);
  const { items } = page ? await get(`${page}/workloads`) : { items: [] };
  const workload = items.find(({ current }) => current) ?? items[0];
  return workload ? `${page}/workloads/${workload.id}/drift` : null;
}

export async function change(get) {
  const page = await project()(get);
  const [workload] = page ? (await get(`${page}/workloads`)).items : [];
  return workload ? `${page}/containers/change?environment=${workload.environment}&component=${workload.component}` : null;
}

// The developer's own terminal that is open, or a new one; one that nobody has come into yet is
// about to lapse.
export function terminal(folder) {
  return async (get, post) => {
    const { user } = await get('/me', 'developer');
    const all = (await get(`/recordings?user=${user}&state=open`, 'developer')).items;
    const open = all.find(({ started_at: started }) => started);
    const { id } = open ?? (await post('/terminals', await container(get), 'developer')).terminal;
    return folder + id;
  };
}

// What runs in a cluster and is not ours.
export const intake = async (get) => `${await cluster(get)}/intake`;

// What came of a request to take it over.
export async function intakeRequest(get) {
  const all = (await get('/requests?for=all')).items;
  const found = all.find(({ kind }) => kind === 'intake');
  return found ? `/intakes/${found.number}` : null;
}

// A change of a standard on its way to what stands under it.
export async function wave(get) {
  const [found] = (await get('/waves')).items;
  return found ? `/waves/${found.id}` : null;
}

// A durable run in a state.
export function run(state) {
  return async (get) => {
    const [found] = (await get(`/runs?state=${state}`)).items;
    return found ? `/runs/${found.id}` : null;
  };
}

const keys = async (get) => (await get('/projects')).items.map(({ key }) => key);
const releases = async (get, key, filter = '') => (await get(`/projects/${key}/releases${filter}`)).items;

// The project whose newest release is in a state, else one with an older such release; with null
// one that was never released. Or one of its places.
export function project(place = '', state = 'released') {
  return async (get) => {
    let somewhere = null;
    for (const key of await keys(get)) {
      const all = await releases(get, key);
      const built = all.filter(({ origin }) => origin !== 'imported');
      if (state === null ? all.length === 0 : built[0]?.state === state) return `/projects/${key}${place}`;
      if (built.some((one) => one.state === state)) somewhere ??= `/projects/${key}${place}`;
    }
    return somewhere;
  };
}

// A release in a state, of the first project that has one; or one of its places.
export function release(state, place = '') {
  return async (get) => {
    for (const key of await keys(get)) {
      const found = (await releases(get, key, `?state=${state}`)).find(({ origin }) => origin !== 'imported');
      if (found) return `/projects/${key}/releases/${found.number}${place}`;
    }
    return null;
  };
}

// The newest release of an image that was not built here.
export async function imported(get) {
  for (const key of await keys(get)) {
    const found = (await releases(get, key)).find(({ origin }) => origin === 'imported');
    if (found) return `/projects/${key}/releases/${found.number}`;
  }
  return null;
}

// A job in Jenkins that waits for operations' yes.
export async function job(get) {
  for (const key of await keys(get)) {
    for (const { id, number } of await releases(get, key, '?state=building')) {
      const waits = await get(`/releases/${id}/job`, 'ops').catch(() => null);
      if (waits) return `/projects/${key}/releases/${number}/job`;
    }
  }
  return null;
}

// A resource in a state, or one of its places.
export function resource(state, place = '') {
  return async (get) => {
    const found = first(await get(`/resources?state=${state}`), '/resources/');
    return found && found + place;
  };
}
