// Plays a recording: asciicast v3, fetched once, shown at the pace at which it came.
//
//   <section id="replay" data-cast data-play data-pause data-failed data-nothing data-marks data-found data-found-more data-found-none>

import './sheets.js';
import { Terminal } from './vendor/xterm.js';
import { colour } from './colours.js';
import { find, read } from './found.js';

const FRAME_MS = 50;
const DRAWN_AT_ONCE_CHARACTERS = 64 * 1024;
const PAUSE_S = 2; // longer ones are cut to this where pauses are skipped

const at = (id) => document.getElementById(id);
const section = at('replay');
const texts = section.dataset;
const marks = JSON.parse(texts.marks ?? '{}');

let events = []; // { time, code, data }
let position = 0; // seconds
let next = 0; // the first event that is not shown yet
let begun = 0; // how many characters of it are shown
let goesBack = false; // to the beginning, before anything else is shown
let isDrawing = false;
let playing = false;
let terminal;
let size; // columns and rows at the beginning
let lines = null; // what was on the screen, once somebody searches

async function load() {
  const cast = await fetched().catch(() => null);
  if (cast === null) return tell(texts.failed);
  const [head, ...lines] = cast;
  if (!head) return tell(texts.nothing);
  let time = 0;
  events = lines.map(([interval, code, data]) => { time += interval; return { time, code, data }; });
  size = [head.term.cols, head.term.rows];
  terminal = new Terminal({
    cols: size[0], rows: size[1], disableStdin: true, cursorBlink: false, fontSize: 13, scrollback: 0,
    fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  });
  colour(terminal, (colours) => ({ ...colours, cursor: colours.background }));
  terminal.open(at('screen'));
  terminal.textarea?.setAttribute('aria-label', document.title);
  at('seek').max = String(Math.ceil(length() * 10) / 10);
  at('seek').disabled = at('play').disabled = at('search').disabled = false;
  // Shows at once how it ended; playing begins at the beginning.
  go(length());
  return undefined;
}

async function fetched() {
  const answer = await fetch(texts.cast);
  if (!answer.ok) return null;
  return (await answer.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

const length = () => events.at(-1)?.time ?? 0;

// Says where to be. What is drawn follows, and leaves out what was not reached when this is said
// again meanwhile.
function go(to) {
  goesBack ||= to < position;
  position = Math.min(to, length());
  at('seek').value = String(position);
  at('at').textContent = `${clock(position)} / ${clock(length())}`;
  draw();
}

// One at a time, in the order of the recording: a screen takes its time over what it is given, and
// a size or an empty screen that came before that was through would stand in the wrong place.
async function draw() {
  if (isDrawing) return;
  isDrawing = true;
  at('screen').setAttribute('aria-busy', 'true');
  while (goesBack || isDue()) {
    if (goesBack) await rewind();
    else if (events[next].code === 'o') await written(piece());
    else pass(events[next]);
  }
  isDrawing = false;
  at('screen').setAttribute('aria-busy', 'false');
}

const isDue = () => next < events.length && events[next].time <= position;
const written = (text) => new Promise((done) => { terminal.write(text, done); });

// CAN ends a sequence that was cut.
async function rewind() {
  [goesBack, next, begun] = [false, 0, 0];
  tell('');
  await written('\x18');
  terminal.reset();
  terminal.resize(...size);
}

// What is due up to the next event of another kind, and not too much of it.
function piece() {
  let text = '';
  while (isDue() && events[next].code === 'o' && text.length < DRAWN_AT_ONCE_CHARACTERS) {
    const { data } = events[next];
    const end = Math.min(data.length, begun + DRAWN_AT_ONCE_CHARACTERS - text.length);
    text += data.slice(begun, end);
    begun = end;
    if (end === data.length) [next, begun] = [next + 1, 0];
  }
  return text;
}

function pass({ code, data }) {
  next += 1;
  if (code === 'm') tell(mark(data));
  if (code === 'r') terminal.resize(...data.split('x').map(Number));
}

// A mark is a code, and sometimes of whom or how many.
function mark(data) {
  const [code, ...rest] = data.split(' ');
  return marks[code]?.replace('%1', rest.join(' ')) ?? data;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, ...rest] = parts.map((n) => String(n).padStart(2, '0'));
  return (parts[0] ? [hours, ...rest] : rest).join(':');
}

function tell(text) {
  at('replay-note').hidden = !text;
  at('replay-note').textContent = text;
}

function play(begins) {
  playing = begins;
  if (playing && position >= length()) go(0);
  at('play-text').textContent = playing ? texts.pause : texts.play;
  const icon = at('play').querySelector('use');
  icon.setAttribute('href', icon.getAttribute('href').replace(/#.*/, playing ? '#player-pause' : '#player-play'));
}

let then = performance.now();
setInterval(() => {
  const now = performance.now();
  const passed = ((now - then) / 1000) * Number(at('speed').value);
  then = now;
  if (!playing) return;
  const coming = events[next]?.time ?? length();
  const skips = at('skip').checked && !isDrawing && coming - position > PAUSE_S;
  go(skips ? coming - PAUSE_S + passed : position + passed);
  if (position >= length()) play(false);
}, FRAME_MS);

// ---------- what was on the screen ----------

async function search(words) {
  const wanted = words.trim();
  lines ??= read(...size, events);
  const all = await lines;
  if (wanted !== at('search').value.trim()) return;
  const { found, more } = wanted ? find(all, wanted) : { found: [], more: false };
  const text = found.length === 0 ? texts.foundNone : more ? texts.foundMore : texts.found;
  at('found').textContent = wanted ? text.replace('%1', found.length) : '';
  at('hits').hidden = found.length === 0;
  at('hits').dataset.words = wanted;
  at('hits').replaceChildren(...found.map(hit));
}

function hit({ time, text }) {
  const button = document.createElement('button');
  button.type = 'button';
  const when = document.createElement('span');
  when.className = 'num muted';
  when.textContent = clock(time);
  button.append(when, ' ', text);
  button.onclick = () => {
    play(false);
    go(time);
  };
  const item = document.createElement('li');
  item.append(button);
  return item;
}

let soon;
at('search').oninput = ({ target }) => {
  clearTimeout(soon);
  soon = setTimeout(() => search(target.value), 200);
};

at('play').onclick = () => play(!playing);
at('seek').oninput = ({ target }) => go(Number(target.value));
load();
