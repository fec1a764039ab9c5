// Every page, as data. Each is opened by every role; who may see it says the table of
// tests/it/permissions.rs, by `route`, which is written as the router writes it.
// A path that depends on what the portal holds is a function of find.mjs. `ready` is what must be
// there before anything is judged; the roles of `form` must find a form instead. What is `fresh`
// lives for seconds until somebody comes, so that it is made right before it is opened.
import {
  change, cluster, connection, channel, environment, imported, intake, intakeRequest, job, language, own, person, policy, project, release, removal, request, resource, run, terminal, terminalForm, wave, withSteps,
} from './find.mjs';

const STATES = [
  'building', 'awaiting_confirmation', 'confirmed', 'awaiting_approval', 'deploying_production', 'released', 'failed',
];

export const pages = [
  { name: 'home', route: '/', path: '/' },
  { name: 'projects', route: '/projects', path: '/projects' },
  { name: 'projects-address', route: '/projects', path: '/projects?q=10.20.7.4' },
  { name: 'project-new', route: '/projects/new', path: '/projects/new', form: ['developer', 'tester', 'ops', 'admin', 'outsider'] },
  { name: 'me', route: '/me', path: '/me' },
  { name: 'away', route: '/me/away', path: '/me/away', ready: 'main form' },
  { name: 'my-notices', route: '/me/notices', path: '/me/notices', ready: 'main form' },
  { name: 'requests', route: '/requests', path: '/requests' },
  { name: 'requests-all', route: '/requests', path: '/requests?for=all', ready: '.seg' },
  { name: 'request-open', route: '/requests/{number}', path: request('open'), ready: '.voters' },
  { name: 'request-own', route: '/requests/{number}', path: own, ready: '.voters' },
  { name: 'request-done', route: '/requests/{number}', path: withSteps, ready: '.story' },
  { name: 'audit', route: '/audit', path: '/audit' },
  { name: 'runs', route: '/runs', path: '/runs' },
  { name: 'runs-stuck', route: '/runs', path: '/runs?state=stuck' },
  { name: 'run-active', route: '/runs/{id}', path: run('active'), ready: '.story' },
  { name: 'run-done', route: '/runs/{id}', path: run('done'), ready: '.story' },
  { name: 'run-failed', route: '/runs/{id}', path: run('failed'), ready: '.story' },
  { name: 'health', route: '/health', path: '/health' },
  { name: 'production-stop', route: '/production-stop', path: '/production-stop', form: ['ops', 'admin'] },
  { name: 'people', route: '/people', path: '/people' },
  { name: 'person-new', route: '/people/new', path: '/people/new', form: ['admin'] },
  { name: 'person', route: '/people/{user}', path: person, form: ['admin'] },
  { name: 'groups', route: '/people/groups', path: '/people/groups' },
  { name: 'group-new', route: '/people/groups/new', path: '/people/groups/new', form: ['admin'] },
  { name: 'group', route: '/people/groups/{key}', path: '/people/groups/dba', form: ['admin'], as: { admin: 200 } },
  { name: 'policies', route: '/policies', path: '/policies' },
  { name: 'policies-preview', route: '/policies', path: '/policies?kind=production&environment=prod&project=pay-gateway', ready: 'dl' },
  { name: 'policy-new', route: '/policies/new', path: '/policies/new', form: ['admin'] },
  { name: 'policy', route: '/policies/{id}', path: policy, form: ['admin'], as: { admin: 200 } },
  { name: 'clusters', route: '/clusters', path: '/clusters' },
  { name: 'cluster', route: '/clusters/{key}', path: cluster, form: ['admin'] },
  { name: 'intake', route: '/clusters/{key}/intake', path: intake, form: ['ops'], as: { ops: 200 } },
  { name: 'cluster-new', route: '/clusters/new', path: '/clusters/new', form: ['admin'] },
  { name: 'environment', route: '/environments/{key}', path: environment, form: ['admin'] },
  { name: 'environment-new', route: '/environments/new', path: '/environments/new' },
  { name: 'language', route: '/languages/{key}', path: language, form: ['admin'] },
  { name: 'language-new', route: '/languages/new', path: '/languages/new' },
  { name: 'standards', route: '/standards', path: '/standards' },
  { name: 'layer', route: '/standards/{kind}/{key}', path: '/standards/language/java', form: ['ops'] },
  { name: 'layer-platform', route: '/standards/{kind}/{key}', path: '/standards/platform/all' },
  { name: 'rails', route: '/help/rails', path: '/help/rails' },
  { name: 'rail', route: '/help/rails/{rail}', path: '/help/rails/java-start' },
  { name: 'rail-overrides', route: '/standards/rails', path: '/standards/rails', form: ['ops'] },
  { name: 'intake-request', route: '/intakes/{number}', path: intakeRequest, as: { ops: 200, auditor: 200, admin: 200 } },
  { name: 'waves', route: '/waves', path: '/waves' },
  { name: 'wave', route: '/waves/{id}', path: wave, as: { ops: 200, auditor: 200, admin: 200 } },
  { name: 'connections', route: '/connections', path: '/connections' },
  { name: 'connection', route: '/connections/{key}', path: connection, form: ['admin'] },
  { name: 'connection-new', route: '/connections/new', path: '/connections/new?kind=registry', form: ['admin'] },
  { name: 'notices', route: '/notices', path: '/notices' },
  { name: 'notice-new', route: '/notices/new', path: '/notices/new?kind=mail', form: ['ops', 'admin'] },
  { name: 'notice-new-robot', route: '/notices/new', path: '/notices/new?kind=dingtalk', form: ['ops', 'admin'] },
  { name: 'notice', route: '/notices/{key}', path: channel, form: ['ops', 'admin'] },
  { name: 'project', route: '/projects/{key}', path: project(), ready: '.tabs' },
  { name: 'project-waiting', route: '/projects/{key}', path: project('', 'awaiting_confirmation'), ready: '.tabs' },
  { name: 'project-failed', route: '/projects/{key}', path: project('', 'failed'), ready: '.tabs' },
  { name: 'project-empty', route: '/projects/{key}', path: project('', null), ready: '.tabs' },
  { name: 'project-robots', route: '/projects/{key}/notices', path: project('/notices'), form: ['developer', 'ops'] },
  { name: 'members', route: '/projects/{key}/members', path: project('/members'), form: ['developer', 'admin'] },
  { name: 'project-settings', route: '/projects/{key}/settings', path: project('/settings'), form: ['developer', 'ops'] },
  { name: 'project-setup', route: '/projects/{key}/setup', path: project('/setup'), ready: '.facts' },
  { name: 'project-programs', route: '/projects/{key}/programs', path: project('/programs'), form: ['developer', 'ops'] },
  { name: 'containers', route: '/projects/{key}/containers', path: project('/containers') },
  { name: 'containers-new', route: '/projects/{key}/containers/new', path: project('/containers/new'), form: ['developer', 'ops'] },
  { name: 'containers-change', route: '/projects/{key}/containers/change', path: change, form: ['developer', 'ops'] },
  { name: 'containers-removal', route: '/projects/{key}/workloads/{id}/removal', path: removal, form: ['developer', 'ops'] },
  { name: 'offboarding', route: '/projects/{key}/offboarding', path: project('/offboarding'), form: ['developer', 'ops'] },
  { name: 'projects-left', route: '/projects', path: '/projects?left=true' },
  { name: 'shell-access', route: '/projects/{key}/shell-access', path: project('/shell-access'), form: ['developer', 'ops'] },
  { name: 'terminal-new', route: '/terminals/new', path: terminalForm, only: 'developer', form: ['developer'], as: { developer: 200 } },
  { name: 'terminal', route: '/terminals/{id}', path: terminal('/terminals/'), only: 'developer', as: { developer: 200 }, ready: '.xterm-rows > div', fresh: true },
  { name: 'recordings', route: '/recordings', path: '/recordings' },
  { name: 'recording', route: '/recordings/{id}', path: terminal('/recordings/'), only: 'developer', as: { developer: 200 }, ready: '#replay' },
  { name: 'project-resources', route: '/projects/{key}/resources', path: project('/resources') },
  { name: 'resource-ask', route: '/projects/{key}/resources/new', path: project('/resources/new'), form: ['developer', 'ops'] },
  { name: 'resources', route: '/resources', path: '/resources' },
  { name: 'resources-address', route: '/resources', path: '/resources?q=10.20.7.4' },
  { name: 'resource-register', route: '/resources/new', path: '/resources/new?kind=domain', form: ['ops'] },
  { name: 'resource', route: '/resources/{n}', path: resource('active') },
  { name: 'resource-make', route: '/resources/{n}', path: resource('asked'), form: ['ops'] },
  { name: 'resource-edit', route: '/resources/{n}/edit', path: resource('active', '/edit'), form: ['ops'] },
  { name: 'releases', route: '/projects/{key}/releases', path: project('/releases') },
  { name: 'release-new', route: '/projects/{key}/releases/new', path: project('/releases/new'), form: ['developer', 'ops'] },
  { name: 'image-import', route: '/projects/{key}/images/new', path: project('/images/new'), form: ['ops'] },
  { name: 'release-imported', route: '/projects/{key}/releases/{n}', path: imported, ready: '.story' },
  ...STATES.map((state) => ({ name: `release-${state}`, route: '/projects/{key}/releases/{n}', path: release(state) })),
  { name: 'release-log', route: '/projects/{key}/releases/{n}/log/lines', path: release('released', '/log/lines?q=push'), ready: '.log' },
  // The table's own release waits for nobody's yes to a job, so that nothing is there in the table.
  { name: 'release-job', route: '/projects/{key}/releases/{n}/job', path: job, form: ['ops', 'admin'], as: { ops: 200, admin: 200 } },

  // Pages of those who are not in yet.
  { name: 'login', route: '/login', path: '/login', only: 'nobody', ready: 'form input[name=password]' },
  { name: 'password', route: '/login/password', path: '/login/password', only: 'newcomer', form: ['newcomer'], as: { newcomer: 200 } },
  // Somebody else's page, in one language and with a look of its own: it must work, that is all.
  { name: 'api-docs', route: '/api/docs/', path: '/api/docs/', only: 'developer', ready: '.opblock', foreign: true },
];

// Answers to GET that are no pages, each with what it is.
export const others = {
  '/healthz': 'said to machines',
  '/readyz': 'said to machines',
  '/inner/terminals/{id}': 'said by replicas to each other',
  '/static/{version}/{*name}': 'a file',
  '/events': 'a stream',
  '/audit.csv': 'a file',
  '/clusters/{key}/intake.csv': 'a file',
  '/resources.csv': 'a file',
  '/projects/{key}/releases/{n}/log': 'a file',
  '/production-stop/banner': 'a part of every page',
};

export const languages = ['en', 'zh-CN'];
export const widths = [390, 1440];
export const themes = ['light', 'dark'];
