// A server with one page, for trying our scripts without the portal: real static files, the portal's
// content security policy, a stream of events and a part that can be told to be slow, gone or broken.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const STATIC = fileURLToPath(new URL('../static/', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:";

export async function openStage() {
  const stage = {
    revision: 1, delay: 0, partStatus: 200, streamStatus: 200, extra: '', lines: 60,
    fetches: 0, atOnce: 0, mostAtOnce: 0, streams: new Set(), lastEventIds: [], asked: [], cast: '', nextId: 1, headers: null,
    send(topic) {
      for (const stream of this.streams) stream.write(`id: ${this.nextId}\ndata: ${topic}\n\n`);
      this.nextId += 1;
    },
    drop() {
      for (const stream of this.streams) stream.destroy();
    },
  };
  const server = http.createServer((request, response) => answer(stage, request, response));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  stage.url = `http://127.0.0.1:${server.address().port}`;
  stage.close = () => {
    stage.drop();
    server.close();
    server.closeAllConnections();
  };
  return stage;
}

function answer(stage, request, response) {
  const { pathname, searchParams } = new URL(request.url, stage.url);
  const send = (status, type, body, headers = {}) => {
    response.writeHead(status, {
      'content-type': `${type}; charset=utf-8`, 'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff', ...headers,
    });
    response.end(body);
  };
  if (pathname.startsWith('/static/')) {
    const path = pathname.split('/').slice(3).join('/');
    return send(200, TYPES[extname(path)], readFileSync(join(STATIC, path)));
  }
  if (pathname === '/events') return stream(stage, request, response);
  if (pathname === '/part') return part(stage, request, send);
  if (pathname === '/terminal') return send(200, 'text/html', terminal(searchParams.get('seat') ?? 'owner', searchParams.has('debug')));
  if (pathname === '/replay') return send(200, 'text/html', replay());
  if (pathname === '/files') return send(200, 'text/html', files());
  if (pathname === '/api/v1/terminals/1/file') return file(stage, request, response, send);
  if (pathname === '/cast') return send(200, 'application/x-asciicast', stage.cast);
  if (pathname.startsWith('/api/')) return asked(stage, request, send);
  return send(200, 'text/html', page(stage, searchParams.get('lang') ?? 'en'));
}

// A pass for whoever comes; everything else is done as asked, and remembered.
async function asked(stage, request, send) {
  if (request.url.endsWith('/passes')) return send(201, 'application/json', JSON.stringify({ pass: 'x', stream: '/api/v1/terminals/1/stream' }));
  let body = '';
  for await (const piece of request) body += piece;
  stage.asked.push(`${request.method} ${request.url} ${body}`.trim());
  return send(204, 'application/json', '');
}

function stream(stage, request, response) {
  stage.lastEventIds.push(request.headers['last-event-id'] ?? null);
  if (stage.streamStatus !== 200) {
    response.writeHead(stage.streamStatus).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 300\n\n');
  stage.streams.add(response);
  response.on('close', () => stage.streams.delete(response));
}

async function part(stage, request, send) {
  stage.fetches += 1;
  stage.atOnce += 1;
  stage.mostAtOnce = Math.max(stage.mostAtOnce, stage.atOnce);
  stage.headers = request.headers;
  const { partStatus: status } = stage;
  const body = status === 200 ? story(stage) : 'an error page';
  await new Promise((waited) => setTimeout(waited, stage.delay));
  stage.atOnce -= 1;
  if (status === 303) return send(303, 'text/plain', '', { location: '/?login' });
  return send(status, 'text/html', body);
}

function story({ revision, extra, lines }) {
  const log = Array.from({ length: lines }, (_, n) => `<span class="t">09:33:${n}</span>  line ${n}\n`).join('');
  return `<section class="panel" id="story" data-live="release:42 project:pay" data-part-url="/part">
    <div class="panel-head"><h2>Revision <b id="revision">${revision}</b></h2>
      <span class="live" data-live-text="Live" data-lost-text="Not connected for {time}, trying again"
        data-outdated-text="This page is out of date. Reload it">Live</span></div>
    <div class="panel-body">
      <time id="since" datetime="${new Date(Date.now() - 200_000).toISOString()}" data-relative="span">server</time>
      <details class="fold" id="evidence"><summary>Evidence</summary><p>Exit code ${revision}</p></details>
      <details class="fold" id="build" open><summary>Build log</summary><p>Stage ${revision}</p></details>
      <details class="fold" id="quiet" ${revision > 1 ? 'open' : ''}><summary>Untouched</summary><p>x</p></details>
      <form action="/decide" method="post"><label>Note <input id="note" name="note" value=""></label></form>
      <div class="log" data-follow><pre id="log" tabindex="0" aria-label="Log">${log}</pre></div>
      ${extra}
    </div></section>`;
}

function page(stage, lang) {
  const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
  const time = (id, seconds, form = '') => `<time id="${id}" datetime="${ago(seconds)}" data-relative="${form}">?</time> `;
  return `<!doctype html>
<html lang="${lang}">
<head>
  <meta charset="utf-8">
  <title>Stage · Slipway</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="htmx-config" content='{"history": false, "includeIndicatorCSS": false}'>
  <link rel="icon" href="/static/h/favicon.svg">
  <link rel="stylesheet" href="/static/h/vendor/tabler.min.css">
  <link rel="stylesheet" href="/static/h/slipway.css">
  <script src="/static/h/theme.js"></script>
  <script src="/static/h/vendor/htmx.min.js" defer></script>
  <script src="/static/h/times.js" type="module"></script>
  <script src="/static/h/live.js" type="module"></script>
  <script src="/static/h/app.js" type="module"></script>
</head>
<body data-events="/events?topic=release:42&amp;after=0">
<header class="bar"><div class="frame">
  <nav class="wide" aria-label="Main"><ul><li><a href="/#projects" data-key="g p">Projects</a></li></ul></nav>
  <div class="end"><form class="find" role="search"><input type="search" name="q" aria-label="Search" data-key="/"></form>
  <button class="icon-btn" type="button" data-theme-switch aria-pressed="false" aria-label="Dark theme">
    <svg class="i in-light" aria-hidden="true"><use href="/static/h/icons.svg#moon"/></svg>
    <svg class="i in-dark" aria-hidden="true"><use href="/static/h/icons.svg#sun"/></svg></button></div>
</div></header>
<main class="frame stack" id="main"><h1>Stage</h1>
  <p>${time('t40', 40)}${time('t26', 1570)}${time('t2', 7300)}${time('d1', 90_000)}${time('future', -7 * 86_400 - 60)}
  ${time('s198', 198, 'span')}${time('s22', 1330, 'span')}${time('c', 0, 'clock')}${time('old', 40 * 86_400)}</p>
  <p><span class="chip"><code>4be19f02ac31</code><button type="button" data-copy="sha256:4be19f02ac31" aria-label="Copy digest 4be19f02ac31">
    <svg class="i" aria-hidden="true"><use href="/static/h/icons.svg#copy"/></svg></button></span></p>
  <form action="/pressed"><button class="btn" id="shut" aria-disabled="true">Release</button></form>
  ${story(stage)}
</main>
<p class="visually-hidden" role="status" id="say" data-copied-text="Copied"></p>
</body></html>`;
}

// What terminal.js needs of its page; its WebSocket is the scene's own.
function terminal(seat, isDebug) {
  const codes = ['starting', 'lost', 'refused', 'replaced', 'not-taken', 'idle-soon', 'left', 'paste', 'paste-line', 'paste-text', 'paste-controls', 'paste-more', 'paste-refused', 'paste-nothing', 'copied', 'copied-screen', 'copied-not', 'away', 'lost-long', 'minutes', 'seconds', 'size', 'alone', 'invited', 'watches', 'types', 'you-watch', 'you-type', 'dismissed', 'debug-starting'];
  const words = { ...Object.fromEntries(codes.map((code) => [`terminal-says-${code}`, `${code} %1 %2`])), 'terminal-says-skipped': '%1 bytes were passed over' };
  const ids = ['left', 'left-text', 'size', 'note', 'note-text', 'debug', 'again', 'replay', 'anew', 'smaller', 'larger', 'find', 'find-close', 'find-next', 'find-previous', 'found-nothing', 'finder', 'said', 'company', 'people', 'in-it-text', 'in-it-fault', 'in-it-close', 'give', 'take', 'dismiss'];
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Terminal · Slipway</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="/static/h/favicon.svg">
  <link rel="stylesheet" href="/static/h/vendor/xterm.css">
  <link rel="stylesheet" href="/static/h/slipway.css">
  <script src="/static/h/terminal.js" type="module"></script>
</head>
<body class="term-page"><span class="rec"></span><input id="finding" aria-label="Find">
<dialog id="in-it"><form id="invite"><input id="person" aria-label="Person"><button id="let-in">Let in</button></form></dialog>
<dialog id="paste"><p id="paste-text"></p><p id="paste-controls"></p><pre id="pasted"></pre><p id="paste-more"></p>
<form method="dialog"><button value="no">No</button><button value="yes" id="paste-yes">Yes</button></form></dialog>
${['escape', 'tab', 'control', 'left', 'up', 'down', 'right', 'copy', 'paste'].map((name) => `<button data-press="${name}">${name}</button>`).join('')}
${ids.map((id) => `<button id="${id}" hidden></button>`).join('')}
<main class="term-main"><div class="term-box" id="terminal" data-seat="${seat}"${isDebug ? ' data-debug' : ''} data-id="1" data-ends="2099-01-01T00:00:00Z" data-label="Terminal"
  data-words='${JSON.stringify(words)}' data-endings='{"exited":"over","no-shell":"none"}'></div></main>
</body></html>`;
}

// A file in a container, by its name: one that comes whole, one that breaks off, one that is refused.
async function file(stage, request, response, send) {
  const path = new URL(request.url, stage.url).searchParams.get('path');
  let bytes = 0;
  for await (const piece of request) bytes += piece.length;
  stage.asked.push(`${request.method} ${path} ${bytes}`);
  if (path === '/refused') return send(400, 'application/json', JSON.stringify({ detail: 'no', fields: [{ detail: 'This is a folder.' }] }));
  if (request.method === 'PUT') return send(201, 'application/json', JSON.stringify({ path, bytes, sha256: 'abc' }));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 10 });
  if (path === '/whole') return response.end('0123456789');
  response.write('01234');
  return setTimeout(() => response.destroy(), 100);
}

// What files.js needs of its page.
function files() {
  const words = Object.fromEntries(['coming', 'came', 'there', 'broke'].map((code) => [`terminal-says-file-${code}`, `${code} %1 %2`]));
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Files · Slipway</title>
  <link rel="icon" href="/static/h/favicon.svg">
  <script src="/static/h/files.js" type="module"></script>
</head>
<body><button id="show-files">Files</button><dialog id="files" data-id="1" data-words='${JSON.stringify(words)}'>
<form id="file-out"><input id="file-from" aria-label="From"><button>Download</button></form>
<form id="file-in"><input type="file" id="file-local" aria-label="File"><input id="file-to" aria-label="To"><button>Upload</button></form>
<progress id="file-bar" hidden></progress><p id="file-said"></p><p id="file-fault" hidden></p><button id="files-close">Close</button></dialog></body></html>`;
}

// What replay.js needs of its page.
function replay() {
  const words = 'data-play="Play" data-pause="Pause" data-failed="failed" data-nothing="nothing" data-found="%1 found" data-found-more="first %1" data-found-none="none"';
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Replay · Slipway</title>
  <link rel="icon" href="/static/h/favicon.svg">
  <link rel="stylesheet" href="/static/h/vendor/xterm.css">
  <script src="/static/h/replay.js" type="module"></script>
</head>
<body><section id="replay" data-cast="/cast" ${words}><div id="screen"></div>
<button id="play"><svg><use href="/static/h/icons.svg#player-play"/></svg><span id="play-text"></span></button>
<input type="range" id="seek" min="0" max="0" step="0.1" value="0" aria-label="Position"><span id="at"></span>
<select id="speed" aria-label="Speed"><option>1</option></select><input type="checkbox" id="skip" aria-label="Skip">
<input type="search" id="search" aria-label="Search" disabled><span id="found"></span><ol id="hits" hidden></ol><p id="replay-note" hidden></p></section></body></html>`;
}
