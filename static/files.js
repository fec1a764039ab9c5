// Files in and out of the container of an open terminal: one at a time, each told how far it is.
//
//   <dialog id="files" data-id data-words> with the forms #file-out and #file-in

const box = document.getElementById('files');
const at = (id) => document.getElementById(id);
const words = JSON.parse(box.dataset.words);
const say = (code, ...values) => values.reduce((text, value, n) => text.replace(`%${n + 1}`, value), words[`terminal-says-${code}`]);
const UNITS = ['B', 'kB', 'MB', 'GB'];
let going = null; // what ends the one on its way

function size(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${UNITS[step]}`;
}

const address = (path) => `/api/v1/terminals/${box.dataset.id}/file?path=${encodeURIComponent(path)}`;

function show(text, isFault = false) {
  at('file-said').textContent = isFault ? '' : text;
  at('file-fault').textContent = isFault ? text : '';
  at('file-fault').hidden = !isFault;
}

function progress(done, all) {
  at('file-bar').hidden = false;
  at('file-bar').max = Math.max(1, all);
  at('file-bar').value = done;
  show(say('file-coming', size(done), size(all)));
}

// Only one at a time, so that what is told is told of it.
async function alone(work) {
  for (const button of box.querySelectorAll('form button')) button.disabled = true;
  show('');
  try {
    show(await work());
  } catch (error) {
    show(error.said ?? say('file-broke'), true);
  }
  going = null;
  at('file-bar').hidden = true;
  for (const button of box.querySelectorAll('form button')) button.disabled = false;
}

function refused(text) {
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* no problem of ours: it broke */ }
  return Object.assign(new Error(), { said: problem.fields?.[0]?.detail ?? problem.detail });
}

async function download(path) {
  const stop = new AbortController();
  going = () => stop.abort();
  const answer = await fetch(address(path), { signal: stop.signal });
  if (!answer.ok) throw refused(await answer.text());
  const all = Number(answer.headers.get('content-length'));
  const pieces = [];
  let done = 0;
  // Ends in an error where the portal could not have it whole.
  for (const reader = answer.body.getReader(); ;) {
    const { value, done: isOver } = await reader.read();
    if (isOver) break;
    pieces.push(value);
    done += value.length;
    progress(done, all);
  }
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob(pieces, { type: 'application/octet-stream' })), download: path.split('/').at(-1) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return say('file-came', path);
}

// Not by fetch, which does not tell how far it is.
function upload(path, file) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    going = () => request.abort();
    request.upload.onprogress = ({ loaded, total }) => progress(loaded, total);
    request.onerror = () => failed(new Error());
    request.onabort = request.onerror;
    request.onload = () => {
      if (request.status !== 201) return failed(refused(request.responseText));
      const { path: place, sha256 } = JSON.parse(request.responseText);
      return done(say('file-there', place, sha256));
    };
    request.open('PUT', address(path));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}

at('file-out').onsubmit = (event) => {
  event.preventDefault();
  alone(() => download(at('file-from').value.trim()));
};
at('file-in').onsubmit = (event) => {
  event.preventDefault();
  alone(() => upload(at('file-to').value.trim(), at('file-local').files[0]));
};
at('file-local').onchange = ({ target }) => {
  if (target.files[0] && !at('file-to').value) at('file-to').value = `/tmp/${target.files[0].name}`;
};
at('show-files').onclick = () => box.showModal();
at('files-close').onclick = () => box.close();
box.onclose = () => {
  going?.();
  document.querySelector('.xterm-helper-textarea')?.focus();
};
