// A terminal: bytes of a WebSocket on a screen, and keys the other way. The shell is in the
// portal; this page may come and go, and goes on at the byte where it was.
//
//   <div id="terminal" data-id data-ends data-words data-endings data-label data-seat>

import './sheets.js';
import { Terminal } from './vendor/xterm.js';
import { FitAddon } from './vendor/xterm-fit.js';
import { SearchAddon } from './vendor/xterm-search.js';
import { WebLinksAddon } from './vendor/xterm-links.js';
import { clipboard, copy, Pasting } from './clipboard.js';
import { colour } from './colours.js';
import { Keys } from './keys.js';

const PROTOCOL = 'slipway.terminal.v1';
const CONFIRM_EVERY_BYTES = 16 * 1024;
const WRITTEN_AT_ONCE_BYTES = 32 * 1024;
const KEYS_AT_ONCE_BYTES = 256 * 1024;
const EARLY_MOST_BYTES = 4096;
const AGAIN_MOST_MS = 10_000;
const AFTER_MOST_S = 300; // whatever somebody in between asks for
const WARN_IDLE_S = 60;
const HEARD_WITHIN_MS = 35_000; // the portal says every 15 s that it is there
const ANSWERED_WITHIN_MS = 10_000;
const SIZES = [10, 11, 12, 13, 14, 16, 18, 20, 24];
const SAID_MS = 6000;
const OVER = [403, 404, 409, 410];

const box = document.getElementById('terminal');
const isGuest = box.dataset.seat === 'guest';
const at = (id) => document.getElementById(id);
const words = JSON.parse(box.dataset.words);
const endings = JSON.parse(box.dataset.endings);
const say = (code, ...values) => words[`terminal-says-${code}`].replace(/%(\d)/g, (place, n) => values[n - 1] ?? place);
const lasting = (seconds) => (seconds >= 120 ? say('minutes', Math.floor(seconds / 60)) : say('seconds', seconds));

const remembered = Number(localStorage.getItem('terminal-size'));
const terminal = new Terminal({
  fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSize: SIZES.includes(remembered) ? remembered : 13,
  lineHeight: 1.25,
  cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
  scrollback: 10_000,
  screenReaderMode: false,
  // A link that a program wrote is followed only to the web, and never by itself.
  linkHandler: { activate: (_, address) => follow(address), allowNonHttpProtocols: false },
});
const fit = new FitAddon();
const search = new SearchAddon();
const pasting = new Pasting(terminal, say);
const keys = new Keys(terminal);
colour(terminal);
terminal.loadAddon(fit);
terminal.loadAddon(search);
terminal.loadAddon(new WebLinksAddon((_, address) => follow(address)));
terminal.open(box);
terminal.textarea?.setAttribute('aria-label', box.dataset.label);

function follow(address) {
  if (/^https?:\/\//i.test(address)) window.open(address, '_blank', 'noopener,noreferrer');
}

// ---------- the connection ----------

let socket;
let offset = null; // the next byte's place; nothing was shown yet
let confirmed = 0; // everything before it is on the screen
let liveFrom = 0; // what stands before was on another screen, which answered what programs asked of it
let waiting = []; // came, and was not given to the screen yet
let writing = 0; // bytes that the screen has and has not shown
let screens = 0; // how often it began anew; what was written before confirms nothing
let isClearing = false;
let over = false;
let heardAt = 0;
let lostAt = 0;
let aloneAt = 0; // since when nobody looked, at the earliest
let graceSeconds = null; // for how long the shell is kept then
let tries = 0;
let againAt = 0;
let attempts = 0;
let typedAt = Date.now();
let idleSeconds = Infinity;
let early = []; // typed before the terminal was open: its shell gets them first
const encoder = new TextEncoder();

async function connect() {
  againAt = 0;
  attempts += 1;
  const attempt = attempts;
  const { way, problem, after } = await answered().catch(() => ({}));
  if (attempt !== attempts || over) return;
  if (problem?.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  else if (OVER.includes(problem?.status)) finish(problem.detail ?? say('refused'));
  else if (!enter(way)) lost(after);
}

// A way in, or a refusal in the portal's own words. Whatever else answers, be it something in
// between or half of an answer, says nothing about the shell.
async function answered() {
  const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  const answer = await fetch(`/api/v1/terminals/${box.dataset.id}/passes`, { method: 'POST', signal });
  const after = Number(answer.headers.get('retry-after')) || 0;
  const isOurs = answer.headers.get('content-type')?.startsWith('application/problem+json');
  if (!answer.ok && !isOurs) return { after };
  const said = await answer.json();
  if (answer.ok) return { way: said };
  return { problem: said.code ? { ...said, status: answer.status } : null, after };
}

// Whether this is a way in.
function enter(way) {
  if (!way?.pass || !way.stream) return false;
  const address = new URL(way.stream, location.origin);
  address.protocol = address.protocol.replace('http', 'ws');
  address.searchParams.set('columns', terminal.cols);
  address.searchParams.set('rows', terminal.rows);
  if (offset !== null) address.searchParams.set('from', offset);
  open(new WebSocket(address, [PROTOCOL, `pass.${way.pass}`]));
  return true;
}

function open(opening) {
  socket = opening;
  heardAt = Date.now();
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (socket !== opening) return;
    heardAt = Date.now();
    if (typeof data === 'string') heard(JSON.parse(data));
    else show(new Uint8Array(data));
  };
  socket.onclose = () => { if (socket === opening && !over) lost(); };
}

// A network that is gone says nothing, and a connection over it is not closed for many minutes.
function notice(now) {
  const within = socket.readyState === WebSocket.CONNECTING ? ANSWERED_WITHIN_MS : HEARD_WITHIN_MS;
  if (now - heardAt <= within) return;
  socket.close();
  lost();
}

// Tried again after a while that grows, and no sooner than somebody asked for.
function lost(afterSeconds = 0) {
  const now = Date.now();
  socket = null;
  if (lostAt === 0) [lostAt, aloneAt] = [now, heardAt];
  tries += 1;
  const wait = Math.min(1000 * 2 ** (tries - 1), AGAIN_MOST_MS);
  againAt = now + Math.max(wait, Math.min(afterSeconds, AFTER_MOST_S) * 1000);
  tick();
}

function heard(said) {
  if (said.kind === 'welcome') {
    if (offset !== said.offset) {
      clear();
      liveFrom = said.live_from ?? 0;
    }
    [offset, confirmed, lostAt, tries] = [said.offset, said.offset, 0, 0];
    [idleSeconds, graceSeconds] = [said.idle_seconds, said.grace_seconds];
    typedAt = Date.now() - said.quiet_seconds * 1000;
    note(offset === 0 && 'debug' in box.dataset ? say('debug-starting') : '');
    resize();
    for (const bytes of early.splice(0)) type(bytes);
  } else if (said.kind === 'here') {
    typedAt = Math.max(typedAt, Date.now() - (said.quiet_seconds ?? Infinity) * 1000);
  } else if (said.kind === 'company') {
    meet(said);
  } else if (said.kind === 'dismissed') {
    finish(say('dismissed'));
  } else if (said.kind === 'skipped') {
    skip(said);
  } else if (said.kind === 'ended') {
    finish(endings[said.ending]);
    if (at('debug')) at('debug').hidden = said.ending !== 'no-shell';
  } else if (said.kind === 'replaced') {
    finish(say('replaced'));
  } else if (said.kind === 'not-taken') {
    note(say('not-taken', said.bytes));
  }
}

// Told to the portal once it is on the screen, so that a flood comes as fast as it is shown. The
// screen gets little at once: what waits here can still be passed over.
function show(bytes) {
  if (offset === 0) note('');
  offset += bytes.length;
  waiting.push({ bytes, end: offset });
  pump();
}

function pump() {
  while (!isClearing && waiting.length > 0 && writing < WRITTEN_AT_ONCE_BYTES) {
    const { bytes, end } = waiting.shift();
    const screen = screens;
    writing += bytes.length;
    terminal.write(bytes, () => {
      writing -= bytes.length;
      if (screen === screens) shown(end);
      pump();
    });
  }
}

// An empty screen, once it has shown what it was given before: that would stand on the new one.
// CAN ends a sequence or a character that was cut.
function clear() {
  waiting = [];
  screens += 1;
  isClearing = true;
  const screen = screens;
  terminal.write(Uint8Array.of(0x18), () => {
    if (screen !== screens) return;
    terminal.reset();
    isClearing = false;
    pump();
  });
}

function shown(end) {
  if (end < confirmed || (end - confirmed < CONFIRM_EVERY_BYTES && end < offset)) return;
  confirmed = end;
  tell({ kind: 'shown', offset: end });
}

// Somebody broke off a flood: what waited is not shown first. CAN ends a sequence that was cut.
function skip(said) {
  const dropped = waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  waiting = [];
  offset = said.offset;
  const text = say('skipped', said.bytes + dropped);
  if (terminal.buffer.active.type === 'normal') terminal.write(`\x18\x1b[0m\r\n\x1b[7m ${text} \x1b[0m\r\n`);
  else note(text);
}

function tell(what) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
}

function type(bytes) {
  if (offset === null) {
    if (early.reduce((sum, held) => sum + held.length, bytes.length) <= EARLY_MOST_BYTES) early.push(bytes);
    return;
  }
  if (socket?.readyState !== WebSocket.OPEN) return;
  typedAt = Date.now();
  for (let from = 0; from < bytes.length; from += KEYS_AT_ONCE_BYTES) {
    socket.send(bytes.subarray(from, from + KEYS_AT_ONCE_BYTES));
  }
}

// A screen answers what programs ask of it as if somebody typed, also when it shows the past.
const isLive = () => confirmed >= liveFrom;
terminal.onData((text) => isLive() && type(encoder.encode(keys.typed(text))));
terminal.onBinary((text) => isLive() && type(Uint8Array.from(text, (character) => character.charCodeAt(0))));

// ---------- what is said ----------

function note(text, isOver = false) {
  at('note').hidden = text === '';
  at('note').classList.toggle('is-over', isOver);
  at('note-text').textContent = text;
  at('again').hidden = isOver || socket !== null;
  at('replay').hidden = at('anew').hidden = !isOver;
}

function finish(text) {
  over = true;
  terminal.options.disableStdin = true;
  terminal.options.cursorBlink = false;
  document.querySelector('.rec').hidden = true;
  at('left').hidden = true;
  note(text, true);
}

function tick() {
  if (over) return;
  const now = Date.now();
  const left = Math.max(0, Math.ceil((Date.parse(box.dataset.ends) - now) / 1000));
  at('left-text').textContent = say('left', lasting(left));
  if (againAt > 0) {
    note(away(now, left));
    if (now >= againAt) connect();
  } else if (socket !== null) {
    notice(now);
    if (socket === null) return;
    const idle = Math.ceil(idleSeconds - (now - typedAt) / 1000);
    const warned = at('note').classList.toggle('is-idle', idle <= WARN_IDLE_S);
    if (warned) note(say('idle-soon', Math.max(0, idle)));
    else if (at('note').dataset.idle === 'true') note('');
    at('note').dataset.idle = String(warned);
  }
}

// Since when it is lost, when it is tried again, and until when there is a shell to come back to.
function away(now, left) {
  const since = lasting(Math.round((now - lostAt) / 1000));
  const wait = lasting(Math.max(0, Math.ceil((againAt - now) / 1000)));
  if (isGuest || graceSeconds === null) return say('away', since, wait);
  const kept = Math.min(left, Math.floor(graceSeconds - (now - aloneAt) / 1000));
  return kept > 0 ? say('lost', since, lasting(kept), wait) : say('lost-long', since, wait);
}

// Said once beside the screen, and gone again.
let saidTimer;
function mention(text) {
  clearTimeout(saidTimer);
  at('said').textContent = text;
  saidTimer = setTimeout(() => { at('said').textContent = ''; }, SAID_MS);
}

// ---------- who is in it ----------

// A guest's screen is as big as the owner's; whose the keyboard is not cannot type.
function meet({ you, owner, guest, guest_here: isHere, columns, rows }) {
  const types = guest?.types ? 'guest' : 'owner';
  terminal.options.disableStdin = over || types !== you;
  if (isGuest) terminal.resize(columns, rows);
  const name = guest?.person.display_name;
  let text = '';
  if (isGuest) text = say(guest?.types ? 'you-type' : 'you-watch', owner.display_name);
  else if (guest) text = say(guest.types ? 'types' : isHere ? 'watches' : 'invited', name);
  at('company').hidden = text === '';
  at('company').textContent = text;
  at('in-it-text').textContent = text || say('alone');
  at('invite').hidden = isGuest || Boolean(guest);
  at('give').hidden = isGuest || !guest || guest.types;
  at('take').hidden = isGuest || !guest?.types;
  at('dismiss').hidden = !guest;
}

async function ask(method, path, body) {
  const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`/api/v1/terminals/${box.dataset.id}/${path}`, { method, ...json }).catch(() => null);
  const problem = answer?.ok ? null : await answer?.json().catch(() => null);
  at('in-it-fault').hidden = Boolean(answer?.ok);
  at('in-it-fault').textContent = problem?.fields?.[0]?.detail ?? problem?.detail ?? (answer?.ok ? '' : say('refused'));
  if (answer?.ok) at('in-it').close();
}

at('people').onclick = () => at('in-it').showModal();
at('in-it-close').onclick = () => at('in-it').close();
at('in-it').onclose = () => terminal.focus();
at('invite').onsubmit = (event) => {
  event.preventDefault();
  ask('PUT', 'guest', { person: at('person').value });
};
at('give').onclick = () => ask('PUT', 'keyboard', { guest: true });
at('take').onclick = () => ask('PUT', 'keyboard', { guest: false });
at('dismiss').onclick = () => ask('DELETE', 'guest');

// ---------- size, search, copy and paste ----------

function resize() {
  if (isGuest) return;
  fit.fit();
  at('size').textContent = say('size', terminal.cols, terminal.rows);
  tell({ kind: 'resize', columns: terminal.cols, rows: terminal.rows });
}

function letters(step) {
  const next = SIZES[SIZES.indexOf(terminal.options.fontSize) + step];
  if (!next) return;
  terminal.options.fontSize = next;
  localStorage.setItem('terminal-size', next);
  resize();
  terminal.focus();
}

function find(isOpen) {
  at('finder').hidden = !isOpen;
  if (isOpen) at('finding').select();
  else terminal.focus();
}

// What is selected, or what can be seen: a finger selects nothing in a terminal.
async function take() {
  const selected = terminal.getSelection();
  const isDone = await copy(selected || seen());
  mention(say(!isDone ? 'copied-not' : selected ? 'copied' : 'copied-screen'));
}

function seen() {
  const { active } = terminal.buffer;
  const row = (n) => active.getLine(active.viewportY + n)?.translateToString(true) ?? '';
  return Array.from({ length: terminal.rows }, (_, n) => row(n)).join('\n').trimEnd();
}

async function pasteFromClipboard() {
  const text = await clipboard();
  if (text === null) mention(say('paste-refused'));
  else if (text) pasting.paste(text);
  else mention(say('paste-nothing'));
}

const HANDS = { copy: take, paste: pasteFromClipboard };
for (const button of document.querySelectorAll('[data-press]')) {
  // The keyboard stays where it is, and with it a phone's own.
  button.onmousedown = (event) => event.preventDefault();
  button.onclick = () => keys.press(button.dataset.press) || HANDS[button.dataset.press]();
}

box.addEventListener('paste', (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const text = event.clipboardData.getData('text/plain');
  if (text) pasting.paste(text);
}, { capture: true });

terminal.attachCustomKeyEventHandler((event) => {
  if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey) return true;
  if (event.code === 'KeyF') find(true);
  else if (event.code === 'KeyC') terminal.hasSelection() && take();
  else return event.code !== 'KeyV';
  event.preventDefault();
  return false;
});

at('again').onclick = () => {
  connect();
  terminal.focus();
};
at('smaller').onclick = () => letters(-1);
at('larger').onclick = () => letters(1);
at('find').onclick = () => find(at('finder').hidden);
at('find-close').onclick = () => find(false);
function look(way, how) {
  const wanted = at('finding').value;
  const isFound = search[way](wanted, how);
  at('found-nothing').hidden = isFound || !wanted;
}
at('finding').oninput = () => look('findNext', { incremental: true });
at('find-next').onclick = () => look('findNext');
at('find-previous').onclick = () => look('findPrevious');
at('finding').onkeydown = (event) => {
  if (event.key === 'Escape') find(false);
  if (event.key === 'Enter') look(event.shiftKey ? 'findPrevious' : 'findNext');
};

// ---------- other terminals, each in a browser tab of its own ----------

// By this name the strip of another terminal finds the tab that this one is in.
window.addEventListener('pageshow', () => { window.name = `terminal-${box.dataset.id}`; });
window.addEventListener('pagehide', () => { window.name = ''; });
for (const link of document.querySelectorAll('.term-tabs a[target]')) {
  // Whoever comes back from there types on.
  link.onclick = (event) => {
    terminal.focus();
    if (link.target !== '_blank') goTo(link, event);
  };
}

// A tab that is there is brought forward as it is: loaded again, it would lose what it shows.
function goTo(link, event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const tab = window.open('', link.target);
  if (!tab) return;
  event.preventDefault();
  if (tab.location.pathname !== link.pathname) tab.location.assign(link.href);
  tab.focus();
}

let pending;
new ResizeObserver(() => {
  clearTimeout(pending);
  pending = setTimeout(resize, 100);
}).observe(box);
// A phone's own keyboard takes its part of the page away where the browser does not.
window.visualViewport?.addEventListener('resize', ({ target }) => {
  if (target.scale === 1) document.body.style.height = `${target.height}px`;
});
window.addEventListener('online', () => { if (againAt > 0) connect(); });
window.addEventListener('offline', () => { if (socket !== null && !over) { socket.close(); lost(); } });
setInterval(tick, 1000);
note(say('starting'));
if (isGuest) terminal.options.disableStdin = true;
else fit.fit();
terminal.focus();
connect();
