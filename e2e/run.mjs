// Opens every page of pages.mjs in both languages and two widths and says what is wrong with it.
//
//   node e2e/run.mjs --url URL --people people.json --out DIR [--only REGEX]
//
// people.json: [{"user": "…", "password": "…", "roles": ["developer", …]}]
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, oneLine, watch } from './browser.mjs';
import * as checks from './checks.mjs';
import { languages, pages, widths } from './pages.mjs';
import { Tally } from './tally.mjs';

const READY_MS = 15_000;
const SETTLE_MS = 200;
const HEIGHT = { 390: 844, 1440: 900 };

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, people: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' } },
});
for (const name of ['url', 'people', 'out']) {
  if (!options[name]) throw new Error(`--${name} is missing; see the first lines of e2e/run.mjs`);
}

const people = JSON.parse(readFileSync(options.people, 'utf8'));
const wanted = pages.filter(({ name }) => new RegExp(options.only ?? '').test(name));
const tally = new Tally();
mkdirSync(options.out, { recursive: true });
const browser = await launch();
try {
  for (const role of new Set(wanted.map(({ as }) => as))) await visitAs(role);
} finally {
  await browser.close();
}
tally.finish();

async function visitAs(role) {
  const theirs = wanted.filter(({ as }) => as === role);
  let session;
  try {
    session = role === null ? undefined : await signIn(role);
  } catch (error) {
    for (const page of theirs) tally.check(`${page.name} sign-in as ${role}`, [oneLine(error.message)]);
    return;
  }
  for (const page of theirs) {
    for (const lang of languages) for (const width of widths) await visit(page, session, lang, width);
  }
}

// By the real form, once a role: signing in often is what the portal slows down.
async function signIn(role) {
  const person = people.find(({ roles }) => roles.includes(role));
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

async function visit(entry, session, lang, width) {
  const name = `${entry.name} ${width} ${lang}`;
  const context = await browser.newContext({
    baseURL: options.url, storageState: session, viewport: { width, height: HEIGHT[width] }, reducedMotion: 'reduce',
  });
  await context.addCookies([{ name: 'lang', value: lang, url: options.url }]);
  const page = await context.newPage();
  const seen = await watch(page);
  try {
    await open(page, entry);
    await judge(page, seen, name, lang, width);
  } catch (error) {
    tally.check(`${name} opens`, [oneLine(error.message), ...seen.console]);
  }
  const path = join(options.out, `${entry.name}-${width}-${lang}.png`);
  await page.screenshot({ path, fullPage: true }).catch((error) => tally.check(`${name} screenshot`, [oneLine(error.message)]));
  await context.close();
}

async function open(page, { path, as, ready }) {
  const target = typeof path === 'function' ? await path((api) => get(page, api), (api, body) => post(page, api, body)) : path;
  if (!target) throw new Error('the portal holds nothing that this page could show');
  const response = await page.goto(target, { waitUntil: 'load', timeout: READY_MS });
  if (!response.ok()) throw new Error(`${target} answered ${response.status()}`);
  const ended = new URL(page.url()).pathname;
  if (as !== null && ended === '/login') throw new Error(`${target} asked to sign in again`);
  await page.waitForSelector('main', { timeout: READY_MS });
  if (ready) await page.waitForSelector(ready, { timeout: READY_MS });
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(SETTLE_MS);
}

async function post(page, path, data) {
  const response = await page.request.post(`/api/v1${path}`, { data });
  if (!response.ok()) throw new Error(`${path} answered ${response.status()}: ${await response.text()}`);
  return response.json();
}

async function get(page, path) {
  const response = await page.request.get(`/api/v1${path}`);
  if (!response.ok()) throw new Error(`GET /api/v1${path} answered ${response.status()}`);
  return response.json();
}

async function judge(page, seen, name, lang, width) {
  tally.check(`${name} words`, await checks.missingWords(page));
  tally.check(`${name} language`, await checks.language(page, lang));
  tally.check(`${name} overflow`, await checks.overflow(page));
  tally.check(`${name} icons`, await checks.icons(page));
  tally.check(`${name} buttons`, await checks.buttons(page));
  tally.check(`${name} console`, [...seen.console]);
  tally.check(`${name} requests`, [...seen.requests]);
  tally.check(`${name} csp`, [...seen.csp]);
  tally.check(`${name} axe light`, await checks.axe(page, 'light'));
  tally.check(`${name} axe dark`, await checks.axe(page, 'dark'));
}
