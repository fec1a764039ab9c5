// A terminal in a real browser with a real shell behind it, through two replicas of the portal: what
// people do in one, and what trains do to it.
//
//   node e2e/terminal.mjs --front PORT --replicas URL,URL --processes ID,ID --people people.json
//
// Both replicas say that the portal is at http://127.0.0.1:PORT, which this script opens. The second
// one's process is killed at the end. With --first COMMAND, each shell is told that before anything
// else.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { launch, oneLine, watch } from './browser.mjs';
import { terminalForm } from './find.mjs';
import { Front } from './front.mjs';
import { Tally } from './tally.mjs';

const { values: options } = parseArgs({
  options: { front: { type: 'string' }, replicas: { type: 'string' }, processes: { type: 'string' }, people: { type: 'string' }, out: { type: 'string' }, first: { type: 'string' } },
});
for (const name of ['front', 'replicas', 'processes', 'people']) {
  if (!options[name]) throw new Error(`--${name} is missing; see the first lines of e2e/terminal.mjs`);
}

const PATIENCE_MS = 20_000;
const CUT_MS = 60_000;
// The portal takes a page that is silent for 40 s for gone, and then reads its shell on.
const FLOOD_CUT_MS = 65_000;
const FLOOD_LINES = 300_000;
// A replica that is silent for half a minute is taken for dead.
const DEAD_MS = 75_000;
// Of a shell of anybody, or of root.
const PROMPT = /[$#]$/;
const PASTED_BYTES = 1_000_000;
const people = JSON.parse(readFileSync(options.people, 'utf8'));
const [first, second] = options.replicas.split(',');
const baseURL = `http://127.0.0.1:${options.front}`;
const tally = new Tally();
const front = await Front.open(options.front, first);
const browser = await launch();
const owner = await signIn('developer');
const guest = await signIn('ops');
let asked = 0;

// ---------- what people do ----------

const seen = {}; // what was on the screen, by what was done there
await step('it opens with a shell, which takes Chinese and emoji', async () => {
  await open(owner);
  await type("printf '%s\\n' ");
  await owner.page.keyboard.insertText("'你好，世界 🚢'");
  await enter();
  return is('the second line', (await until(/^你好，世界 🚢$/m))[0], '你好，世界 🚢');
});

await step('it is as big as the window, and told when that changes', async () => {
  const sizes = [];
  for (const width of [1440, 900]) {
    await owner.page.setViewportSize({ width, height: 800 });
    await owner.page.waitForTimeout(400);
    const told = (await owner.page.locator('#size').textContent()).match(/(\d+)\D+(\d+)/);
    const [, rows, columns] = await say('stty size', /^(\d+) (\d+)$/m);
    sizes.push(`${columns}x${rows}`, `${told[1]}x${told[2]}`);
  }
  return [...is('wide', sizes[0], sizes[1]), ...is('narrow', sizes[2], sizes[3]), ...(sizes[0] === sizes[2] ? ['the size never changed'] : [])];
});

await step('vi draws on the whole screen, and leaves what was there before', async () => {
  await say('rm -f note.txt');
  await type('vi note.txt');
  await enter();
  await until(/^~/m);
  await type('i');
  await owner.page.keyboard.insertText('第一行 first');
  await enter();
  await type('second');
  await until(/^second/m);
  seen.vi = await settled();
  await owner.page.keyboard.press('Escape');
  await type(':wq');
  await enter();
  await until(PROMPT);
  const [, lines] = await say('wc -l < note.txt', /^(\d+)$/m);
  return [...is('lines of the file', lines, '2'), ...is('tildes that are left', /^~$/m.test(await screen()), false)];
});

await step('top goes on by itself, and ends with a key', async () => {
  await type('top -d 0.5');
  await enter();
  const at = async () => (await until(/^top - (\d+:\d+:\d+)/m))[1];
  const before = await at();
  await until((text) => text.match(/^top - (\d+:\d+:\d+)/m)?.[1] > before);
  seen.top = await settled();
  await type('q');
  await say('true');
  return [];
});

await step('a megabyte that is pasted arrives as it is, once somebody says yes', async () => {
  const line = `${'0123456789'.repeat(7)}abcdefghi\n`;
  const text = line.repeat(PASTED_BYTES / line.length);
  await type('stty -echo; cat > pasted.txt; stty echo; echo is-pasted');
  await enter();
  await owner.page.waitForTimeout(500);
  await paste(text);
  await owner.page.click('#paste-yes');
  await owner.page.keyboard.press('Control+d');
  await until(/^is-pasted$/m);
  const [, hash] = await say('sha256sum < pasted.txt', /^([0-9a-f]{64})/m);
  return is('hash', hash, createHash('sha256').update(text).digest('hex'));
});

await step('a pasted line end or control character asks first, and a no types nothing', async () => {
  await say('clear');
  const kept = [];
  for (const text of ['echo ran-1\r', 'x\x1b[201~echo ran-2\r']) {
    await paste(text);
    await owner.page.waitForSelector('#paste[open]');
    kept.push(await owner.page.locator('#pasted').textContent());
    await owner.page.click('#paste [value=no]');
  }
  await say('true');
  return [...is('shown', kept.join(), 'echo ran-1\n,x^[[201~echo ran-2\n'), ...is('typed', /ran/.test(await screen()), false)];
});

await step('what a program writes reaches neither the clipboard nor the title', async () => {
  const { page } = owner;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: baseURL });
  await page.evaluate(() => navigator.clipboard.writeText('mine'));
  const before = await page.title();
  await say("printf '\\033]52;c;ZXZpbA==\\007\\033]52;c;ZXZpbA==\\033\\134\\033]0;evil\\007\\033]2;evil\\007'");
  const clipboard = await page.evaluate(() => navigator.clipboard.readText());
  return [...is('clipboard', clipboard, 'mine'), ...is('title', await page.title(), before)];
});

await step('a link leads to the web, and nowhere else', async () => {
  const { page } = owner;
  await page.evaluate(() => {
    window.opened = [];
    window.open = (address) => { window.opened.push(address); return null; };
  });
  await say('clear');
  const link = (address, name) => `\\033]8;;${address}\\033\\134${name}\\033]8;;\\033\\134\\n`;
  await say(`printf '${link('javascript:alert(1)', 'script-link')}${link('file:///etc/passwd', 'file-link')}${link('https://web.invalid/', 'web-link')}'; echo https://plain.invalid/x`);
  for (const name of ['script-link', 'file-link', 'web-link', 'https://plain.invalid/x']) await clickOn(name);
  const opened = await page.evaluate(() => window.opened.join());
  await page.reload();
  await until(PROMPT);
  return is('opened', opened, 'https://web.invalid/,https://plain.invalid/x');
});

await step('what was shown is found, and letters grow', async () => {
  const { page } = owner;
  await say('clear; echo here is-the-needle');
  await page.click('#find');
  await page.fill('#finding', 'is-the-needle');
  await page.waitForSelector('.xterm-selection div');
  await page.keyboard.press('Escape');
  const [, before] = await say('stty size', /^\d+ (\d+)$/m);
  await page.click('#larger');
  await page.click('#larger');
  await page.waitForTimeout(400);
  const [, after] = await say('stty size', /^\d+ (\d+)$/m);
  await page.click('#smaller');
  await page.click('#smaller');
  await page.waitForTimeout(400);
  return is('fewer columns', Number(after) < Number(before), true);
});

await step('another terminal is in a tab of its own, and both stay connected', async () => {
  const { page } = owner;
  const context = page.context();
  await page.evaluate(() => { window.isSame = true; });
  const [tab] = await Promise.all([context.waitForEvent('page'), page.click('.term-tabs [target=_blank]')]);
  await tab.goto(await terminalForm(async (path) => (await page.request.get(`/api/v1${path}`)).json()));
  await tab.fill('#reason', 'A second one');
  await tab.click('main form button');
  await tab.waitForURL(/\/terminals\/[0-9a-f-]{36}$/);
  await tab.waitForSelector('#note', { state: 'hidden' });
  const tabs = context.pages().length;
  await tab.click(`.term-tabs [target="terminal-${page.url().split('/').at(-1)}"]`);
  await say('true');
  const stays = [await page.evaluate(() => window.isSame), await tab.locator('#note').isVisible(), context.pages().length === tabs];
  await tab.click('form[action$="/end"] button');
  await tab.waitForURL(/\/recordings\//);
  await tab.close();
  return is('the first is the same, the second has nothing to tell, no tab more', stays.join(), 'true,false,true');
});

await step('a page that is loaded again in the middle misses nothing', async () => {
  await say('clear');
  await type('for i in $(seq 1 30); do echo tick-$i; sleep 0.1; done');
  await enter();
  await until(/^tick-5$/m);
  await owner.page.reload();
  await until(/^tick-30$/m);
  seen.reload = await settled();
  const ticks = [...seen.reload.matchAll(/^tick-(\d+)$/gm)].map(([, n]) => n);
  return is('ticks', ticks.join(), Array.from({ length: 30 }, (_, n) => n + 1).join());
});

await step('the replay shows what was seen', async () => {
  await type('exit 7');
  await enter();
  await owner.page.waitForSelector('#replay:not([hidden])');
  const screens = await replayed();
  const missing = Object.keys(seen).filter((name) => !screens.has(seen[name]));
  const faults = missing.map((name) => `what was on the screen in ${name} is nowhere in ${screens.size} screens of the recording`);
  // Back over the sizes that it had, screens are what they were on the way there.
  for (const name of Object.keys(seen).reverse()) {
    const time = screens.get(seen[name]);
    if (time !== undefined) faults.push(...is(`${name} on the way back`, await replayedAt(time), seen[name]));
  }
  return faults;
});

// ---------- what may happen to it ----------

await step('Ctrl-C in a flood gives the prompt back', async () => {
  await open(owner);
  await type('yes 洪水 flood');
  await enter();
  await until(/^洪水 flood$/m);
  await owner.page.waitForTimeout(1000);
  await owner.page.keyboard.press('Control+c');
  await say('true');
  return [];
});

await step('a network that is cut for a minute is told of, and costs nothing', async () => {
  await say('clear');
  await type('for i in $(seq 1 35); do echo beat-$i; sleep 2; done');
  await enter();
  await until(/^beat-2$/m);
  front.cut();
  const begun = Date.now();
  await owner.page.waitForSelector('#note:not([hidden])', { timeout: CUT_MS });
  const told = await owner.page.locator('#note-text').textContent();
  await owner.page.waitForTimeout(Math.max(0, begun + CUT_MS - Date.now()));
  front.mend();
  await until(/^beat-35$/m, 2 * CUT_MS);
  const beats = [...(await screen()).matchAll(/^beat-(\d+)$/gm)].map(([, n]) => n);
  return [...is('told', told, /\d/), ...is('beats', beats.join(), Array.from({ length: 35 }, (_, n) => n + 1).join()),
    ...is('still told', await owner.page.locator('#note').isVisible(), false)];
});

await step('megabytes that a shell prints while the network is cut are there afterwards', async () => {
  await say('clear');
  await type(`sleep 3; seq 1 ${FLOOD_LINES} | sed 's/^/a line of what is printed while nobody can see it /'; echo "done-at $(date +%s)"`);
  await enter();
  await owner.page.waitForTimeout(1000);
  front.cut();
  const begun = Date.now();
  await owner.page.waitForTimeout(FLOOD_CUT_MS);
  const ended = Date.now();
  front.mend();
  const [, at] = await until(/^done-at (\d+)$/m, 2 * CUT_MS);
  const last = (await screen()).includes(`nobody can see it ${FLOOD_LINES}`);
  const during = at * 1000 >= begun - 1000 && at * 1000 <= ended;
  return [...is('the last line', last, true), ...is(`printed during the cut, ${Math.round((ended - at * 1000) / 1000)} s before its end`, during, true)];
});

await step('what is typed before it is open is not lost', async () => {
  await say('clear');
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await owner.page.route('**/passes', async (route) => { await held; await route.continue(); });
  await owner.page.reload();
  await owner.page.waitForSelector('#note:not([hidden])');
  await type('echo early-$((40+2))');
  await enter();
  release();
  await owner.page.unroute('**/passes', { noWaitAfter: true });
  await until(/^early-42$/m);
  return [];
});

await step('another replica leads to the same shell', async () => {
  await say('mark=$((40+2))');
  front.leadTo(second);
  front.drop();
  await owner.page.waitForSelector('#note:not([hidden])');
  await owner.page.waitForSelector('#note', { state: 'hidden' });
  const [, mark] = await say('echo "mark $mark"', /^mark (\d*)$/m);
  return is('what the shell remembers', mark, '42');
});

await step('somebody who is let in sees the same, and types once handed the keyboard', async () => {
  await say('clear');
  await owner.page.click('#people');
  await owner.page.fill('#person', guest.user);
  await owner.page.click('#invite button');
  await owner.page.waitForSelector('#company:not([hidden])');
  await guest.page.goto(new URL(owner.page.url()).pathname);
  await guest.page.waitForSelector('#company:not([hidden])');
  await owner.page.click('.xterm-screen');
  await say('echo 一起看', /^一起看$/);
  const there = await settled();
  await sees(guest, there);
  await guest.page.locator('.xterm-helper-textarea').pressSequentially('not-mine');
  await say('true');
  const typed = (await screen()).includes('not-mine');
  const before = await guest.page.locator('#company').textContent();
  await owner.page.click('#people');
  await owner.page.click('#give');
  await guest.page.waitForFunction((text) => document.getElementById('company').textContent !== text, before);
  await guest.page.locator('.xterm-helper-textarea').pressSequentially('echo theirs-$((40+2))');
  await guest.page.keyboard.press('Enter');
  await until(/^theirs-42$/m);
  return is('a key of a guest without the keyboard', typed, false);
});

await step('a replica that dies is told of, and another shell is offered', async () => {
  front.leadTo(second);
  await open(owner);
  const holder = await owner.page.evaluate(() => document.getElementById('note').hidden);
  const [, id] = options.processes.split(',');
  process.kill(Number(id), 'SIGKILL');
  front.leadTo(first);
  front.drop();
  await owner.page.waitForSelector('#note:not([hidden])');
  const told = await owner.page.locator('#note-text').textContent();
  await owner.page.waitForSelector('#anew:not([hidden])', { timeout: DEAD_MS });
  await owner.page.click('#anew');
  await owner.page.waitForURL(/\/terminals\/new\?/);
  await owner.page.fill('#reason', 'The other one was lost');
  await owner.page.click('main form button');
  await owner.page.waitForURL(/\/terminals\/[0-9a-f-]{36}$/);
  await until(PROMPT);
  return [...is('connected before', holder, true), ...is('told at first', told, /\d/)];
});

front.close();
await browser.close();
tally.finish();

// ---------- how ----------

async function signIn(role) {
  const { user, password } = people.find(({ roles }) => roles.includes(role));
  const context = await browser.newContext({ baseURL, viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints = await watch(page);
  await page.goto('/login');
  await page.fill('[name=name]', user);
  await page.fill('[name=password]', password);
  await page.press('[name=password]', 'Enter');
  await page.waitForURL((url) => url.pathname !== '/login');
  return { user, page, complaints };
}

async function open({ page }) {
  const get = async (path) => (await page.request.get(`/api/v1${path}`)).json();
  await page.goto(await terminalForm(get));
  await page.fill('#reason', 'Trying what terminals do');
  await page.click('main form button');
  await page.waitForURL(/\/terminals\/[0-9a-f-]{36}$/);
  await until(PROMPT);
  if (options.first) {
    await type(options.first);
    await enter();
  }
  await say('true');
}

async function step(name, act) {
  const { complaints } = owner;
  try {
    const faults = await act();
    tally.check(`terminal: ${name}`, [...faults, ...complaints.csp]);
  } catch (error) {
    tally.check(`terminal: ${name}`, [oneLine(error.message), oneLine(await screen().catch(() => '')), ...complaints.console]);
    if (options.out) await owner.page.screenshot({ path: `${options.out}/terminal-fault-${tally.failed}.png` }).catch(() => {});
  }
}

function is(what, found, expected) {
  const fine = found === expected || (expected instanceof RegExp && expected.test(found));
  return fine ? [] : [`${what} is ${JSON.stringify(found)}, not ${expected}`];
}

function type(text) {
  return owner.page.keyboard.type(text);
}

function enter() {
  return owner.page.keyboard.press('Enter');
}

function paste(text) {
  return owner.page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.querySelector('.xterm-helper-textarea').dispatchEvent(event);
  }, text);
}

// Clicks in the middle of a row's first words, where these are what the row begins with.
async function clickOn(words) {
  const row = owner.page.locator('.xterm-rows > div', { hasText: new RegExp(`^${words}`) }).last();
  const box = await row.boundingBox();
  for (const x of [20, 24, 28]) await owner.page.mouse.move(box.x + x, box.y + box.height / 2);
  await owner.page.waitForTimeout(200);
  await owner.page.mouse.click(box.x + 28, box.y + box.height / 2);
}

async function screen() {
  const rows = await owner.page.evaluate(() => [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent));
  return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n').trimEnd();
}

// What is on the screen once it has been there for longer than a replay's step.
async function settled() {
  for (;;) {
    const before = await screen();
    await owner.page.waitForTimeout(250);
    if (before === await screen()) return before;
  }
}

// Until the screen matches, or is as wanted; gives the match.
async function until(wanted, limit = PATIENCE_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const text = await screen();
    const found = wanted instanceof RegExp ? text.match(wanted) : wanted(text) && [text];
    if (found) return found;
    if (Date.now() > end) throw new Error(`the screen never came to ${wanted}`);
    await owner.page.waitForTimeout(50);
  }
}

// Until somebody else's screen shows the same.
async function sees({ page }, wanted) {
  await page.waitForFunction((text) => {
    const rows = [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.replaceAll('\u00a0', ' ').trimEnd());
    return rows.join('\n').trimEnd() === text;
  }, wanted);
}

// Runs a command to its end; gives the last of the screen that matches then.
async function say(command, wanted) {
  asked += 1;
  await type(`${command}; echo "said-$((${asked}+0))"`);
  await enter();
  const [text] = await until((shown) => shown.split('\n').includes(`said-${asked}`));
  return wanted ? [...text.matchAll(new RegExp(wanted, 'gm'))].at(-1) ?? [] : [];
}

// Every screen of the recording of the terminal that has just ended, at each moment when something
// came, with a time at which it was there.
async function replayed() {
  const { page } = owner;
  const id = page.url().split('/').at(-1);
  const [, ...events] = (await (await page.request.get(`/api/v1/recordings/${id}/cast`)).text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  await page.goto(`/recordings/${id}`);
  await page.waitForSelector('#seek:not([disabled])');
  const screens = new Map();
  let [time, shown] = [0, 0];
  for (const [interval] of events) {
    time += interval;
    const next = Math.ceil(time * 10) / 10;
    if (next === shown) continue;
    shown = next;
    screens.set(await replayedAt(next), next);
  }
  return screens;
}

// The screen of the recording at a time, once it is drawn.
async function replayedAt(time) {
  await owner.page.evaluate(async (to) => {
    const seek = document.getElementById('seek');
    seek.value = String(to);
    seek.dispatchEvent(new Event('input'));
    const frame = () => new Promise(requestAnimationFrame);
    while (document.getElementById('screen').getAttribute('aria-busy') === 'true') await frame();
    for (let n = 0; n < 2; n += 1) await frame();
  }, time);
  return screen();
}
