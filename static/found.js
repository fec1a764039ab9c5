// What was on the screen of a recording, and when: played once on a screen that nobody sees, so
// that a search finds what was shown and not how it was drawn.

import { Terminal } from './vendor/xterm.js';

const BATCH_S = 0.2; // what comes together is looked at together
const BATCH_CHARACTERS = 32 * 1024;
const TYPED_WITHIN_S = 5; // a line that grows so soon is one that is typed, and found once
const MOST = 200;

// Lines in the order in which they appeared: { time, text }.
export async function read(columns, rows, events) {
  const screen = new Terminal({ cols: columns, rows, scrollback: BATCH_CHARACTERS + rows });
  const lines = [];
  // What was there when each was looked at last; a program that has the whole screen gives it back.
  const before = { normal: new Set(), alternate: new Set() };
  let mark = null;
  for (const batch of batches(events)) {
    if (batch.size) screen.resize(...batch.size);
    await new Promise((written) => { screen.write(batch.output, written); });
    const buffer = screen.buffer.active;
    const isWhole = buffer.type === 'alternate';
    const from = isWhole ? 0 : Math.max(0, (mark?.line ?? 0) - screen.rows);
    const now = new Set();
    for (let at = from; at < buffer.length; at += 1) {
      const text = buffer.getLine(at).translateToString(true);
      if (text && !now.has(text) && !before[buffer.type].has(text)) lines.push({ time: batch.time, text });
      now.add(text);
    }
    before[buffer.type] = now;
    if (isWhole) continue;
    before.alternate = new Set();
    mark?.dispose();
    mark = screen.registerMarker(0);
  }
  screen.dispose();
  return lines;
}

// Output that belongs together, with the time at which it was complete; a new size begins a batch.
function* batches(events) {
  let batch = { output: '', time: 0, began: 0 };
  for (const { time, code, data } of events) {
    if (code !== 'o' && code !== 'r') continue;
    const isFull = time - batch.began > BATCH_S || batch.output.length > BATCH_CHARACTERS;
    if (code === 'r' || isFull) {
      if (batch.output) yield batch;
      batch = { output: '', time, began: time };
    }
    if (code === 'r') batch.size = data.split('x').map(Number);
    else batch.output += data;
    batch.time = time;
  }
  if (batch.output) yield batch;
}

// Where these words were shown, the earliest first, and whether there were more than are given.
export function find(lines, words) {
  const wanted = words.toLocaleLowerCase();
  const found = [];
  let last = null;
  for (const line of lines) {
    if (!line.text.toLocaleLowerCase().includes(wanted)) continue;
    const grows = last && line.text.startsWith(last.text) && line.time - last.time < TYPED_WITHIN_S;
    last = line;
    if (grows) continue;
    if (found.length === MOST) return { found, more: true };
    found.push(line);
  }
  return { found, more: false };
}
