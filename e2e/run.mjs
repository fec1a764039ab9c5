// Opens every page of pages.mjs as each role, several at once, and says what is wrong with it.
//
//   node e2e/run.mjs --url URL --people people.json --out DIR [--only REGEX] [--at-once N]
//
// people.json: [{"user": "…", "password": "…", "roles": ["developer", …]}]
//
// What carries information is asked, and nothing twice: docs/front-end.md says which and why.
import { mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { launch, oneLine, watch } from './browser.mjs';
import { pages } from './pages.mjs';
import { expected, roles } from './rights.mjs';
import { Tally } from './tally.mjs';
import { looksOf, READY_MS, refused, see, seeForeign } from './visit.mjs';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' }, people: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' },
    'at-once': { type: 'string', default: '3' },
  },
});
for (const name of ['url', 'people', 'out']) {
  if (!options[name]) throw new Error(`--${name} is missing; see the first lines of e2e/run.mjs`);
}

// Several times what the slowest page takes with all its looks.
const JOB_MS = 120_000;
class Hangs extends Error {}

const people = JSON.parse(readFileSync(options.people, 'utf8'));
const wanted = pages.filter(({ name }) => new RegExp(options.only ?? '').test(name));
const tally = new Tally();
const drawn = new Set();
mkdirSync(options.out, { recursive: true });
const browser = await launch();
try {
  const sessions = await signInAll();
  const { queue, pathOf } = await plan(sessions);
  const workers = Array.from({ length: Number(options['at-once']) }, () => work(queue, sessions, pathOf));
  await Promise.all(workers);
} finally {
  await within(JOB_MS, browser.close()).catch((error) => tally.check('the browser ends', [error.message]));
}
tally.finish();
process.exit();

// Every role of the pages that are wanted, each by the real form, and once: signing in often is
// what the portal slows down.
async function signInAll() {
  const sessions = new Map([['nobody', undefined]]);
  for (const role of new Set([...roles, ...wanted.map(({ only }) => only).filter(Boolean)])) {
    if (!sessions.has(role)) sessions.set(role, await signIn(role));
  }
  return sessions;
}

async function signIn(role) {
  const person = people.find((one) => one.roles.includes(role));
  if (!person) throw new Error(`nobody in ${options.people} has the role ${role}`);
  const context = await browser.newContext({ baseURL: options.url });
  const page = await context.newPage();
  await page.goto('/login');
  await page.fill('[name=name]', person.user);
  await page.fill('[name=password]', person.password);
  await page.press('[name=password]', 'Enter');
  await page.waitForURL((url) => url.pathname !== '/login', { timeout: READY_MS });
  const state = await context.storageState();
  await context.close();
  return state;
}

// Every page with every role, and what is to come of it. Each role's are together, so that whoever
// opens them keeps one context, with its cache, for long.
async function plan(sessions) {
  const readers = new Map();
  for (const role of ['auditor', 'ops', 'developer']) {
    readers.set(role, await browser.newContext({ baseURL: options.url, storageState: sessions.get(role) }));
  }
  const get = async (path, role = 'auditor') => {
    const response = await readers.get(role).request.get(`/api/v1${path}`);
    if (!response.ok()) throw new Error(`GET /api/v1${path} answered ${response.status()}`);
    return response.json();
  };
  const post = async (path, data, role) => {
    const response = await readers.get(role).request.post(`/api/v1${path}`, { data });
    if (!response.ok()) throw new Error(`POST /api/v1${path} answered ${response.status()}`);
    return response.json();
  };
  const jobs = [];
  for (const entry of wanted) jobs.push(...await plannedFor(entry, get, post));
  const order = [...sessions.keys()];
  const queue = jobs.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  return { queue, pathOf: (entry) => entry.path(get, post) };
}

async function plannedFor(entry, get, post) {
  const path = typeof entry.path === 'function' ? await entry.path(get, post).catch(() => null) : entry.path;
  if (!path) {
    tally.check(`${entry.name} opens`, ['the portal holds nothing that this page could show']);
    return [];
  }
  const [, project] = path.match(/^\/projects\/([^/?]+)/) ?? [];
  const members = entry.route.startsWith('/projects/{key}') ? (await get(`/projects/${project}/members`)).items : null;
  const jobs = (entry.only ? [entry.only] : roles).map((role) => {
    const person = people.find((one) => one.roles.includes(role));
    const theirs = members?.filter(({ user }) => user === person.user).map((one) => one.role);
    return { entry, role, path, status: expected(entry, role, theirs) };
  });
  const seeing = jobs.filter(({ status }) => status === 200);
  for (const [turn, job] of seeing.entries()) Object.assign(job, { turn, looks: looksOf(turn, seeing.length) });
  return jobs;
}

async function work(queue, sessions, pathOf) {
  let tools = { role: null };
  for (let job = queue.shift(); job; job = queue.shift()) {
    if (tools.role !== job.role) {
      await within(JOB_MS, tools.context?.close());
      tools = await within(JOB_MS, enter(job.role, sessions));
    }
    try {
      await within(JOB_MS, open(tools, job, pathOf));
    } catch (error) {
      const name = `${job.entry.name} as ${job.role}`;
      // A window that hangs is left to itself. Chromium's own does so once in a long while, hence
      // a second one is asked, and that it was is said.
      if (error instanceof Hangs) tools = { role: null };
      if (error instanceof Hangs && !job.again) {
        console.log(`AGAIN ${name}: ${error.message}`);
        queue.unshift({ ...job, again: true });
      } else {
        tally.check(name, [oneLine(error.message)]);
      }
    }
  }
  await within(JOB_MS, tools.context?.close());
}

async function open(tools, job, pathOf) {
  const path = job.entry.fresh ? await pathOf(job.entry) : job.path;
  if (job.status !== 200) await refused(tools, { ...job, path }, drawn);
  else if (job.entry.foreign) await seeForeign(tools, { ...job, path });
  else await see(tools, { ...job, path });
}

// Some of what a browser is asked has no limit of its own: a script, a picture, the end of a window.
async function within(limit, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Hangs(`it hangs: nothing came of it in ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function enter(role, sessions) {
  const context = await browser.newContext({ baseURL: options.url, storageState: sessions.get(role), reducedMotion: 'reduce' });
  const page = await context.newPage();
  const seen = await watch(page);
  const cdp = await context.newCDPSession(page);
  return { role, context, page, cdp, seen, tally, out: options.out, url: options.url };
}
