// Parts of a page that follow what happens. The stream of events carries topics only; a part that
// follows a topic is fetched anew, so that the reader's rights are asked each time.
//
//   <body data-events="/events?topic=…">                   opens the stream
//   <section id data-live="topicA topicB" data-part-url>   is fetched when one of its topics comes
//   <span class="live" data-live-text data-lost-text data-outdated-text>   tells how the connection is

const COALESCE_MS = 150;
const RETRY_PART_MS = 5_000;
const RECONNECT_MS = 1_000;
const RECONNECT_MOST_MS = 30_000;
const SAY_LOST_AFTER_MS = 3_000;
const CLOSE_WHEN_HIDDEN_MS = 30_000;

// ---------- how the connection is ----------

const broken = new Set(); // parts that could not be fetched; 'events' while there is no stream
let lostSince = 0;
let outdated = false;
let shown = 'live';

function fault(what) {
  broken.add(what);
  lostSince ||= Date.now();
  setTimeout(showConnection, SAY_LOST_AFTER_MS);
}

function heal(what) {
  broken.delete(what);
  for (const part of broken) if (part.isConnected === false) broken.delete(part);
  if (broken.size === 0) lostSince = 0;
  showConnection();
}

function connection() {
  if (outdated) return 'outdated';
  return lostSince > 0 && Date.now() - lostSince >= SAY_LOST_AFTER_MS ? 'lost' : 'live';
}

function showConnection() {
  const state = connection();
  for (const element of document.querySelectorAll('.live')) {
    element.classList.toggle('is-lost', state !== 'live');
    if (element.dataset.shown === state || !element.dataset[`${state}Text`]) continue;
    element.dataset.shown = state;
    element.replaceChildren(...words(element.dataset[`${state}Text`]));
  }
  document.dispatchEvent(new CustomEvent('slipway:changed'));
  if (state === shown) return;
  shown = state;
  const said = document.getElementById('say');
  if (said) said.textContent = document.querySelector('.live')?.textContent ?? '';
}

function words(text) {
  const [before, after] = text.split('{time}');
  if (after === undefined) return [before];
  const time = Object.assign(document.createElement('time'), { dateTime: new Date(lostSince).toISOString() });
  time.dataset.relative = 'span';
  return [before, time, after];
}

// ---------- fetching a part ----------

const planned = new WeakSet();

// htmx keeps at most one request of an element under way and one waiting behind it.
function refresh(part) {
  if (planned.has(part)) return;
  planned.add(part);
  setTimeout(() => {
    planned.delete(part);
    if (outdated || !part.isConnected) return;
    const fetch = (url, options) => fetchPart(part, url, options);
    htmx.ajax('GET', part.dataset.partUrl, { source: part, target: part, swap: 'outerMorph', fetch });
  }, COALESCE_MS);
}

function refreshAll(selector = '[data-live][data-part-url]') {
  for (const part of document.querySelectorAll(selector)) {
    if (!part.parentElement.closest(selector)) refresh(part);
  }
}

// Neither a sign-in page nor an error is ever put in a part's place, and the page is not reloaded
// either: somebody may be typing in it.
async function fetchPart(part, url, options) {
  const response = await window.fetch(url, options).catch(() => null);
  if (response?.ok && !response.redirected) {
    heal(part);
    return response;
  }
  if (response && (response.redirected || [401, 403, 404].includes(response.status))) {
    outdated = true;
    disconnect();
    showConnection();
  } else {
    fault(part);
    setTimeout(refresh, RETRY_PART_MS, part);
  }
  throw new DOMException('the part stays as it is', 'AbortError');
}

// What the visitor opened or closed stays so, whatever the server's copy says.
const folded = new WeakSet();
document.addEventListener('click', ({ target }) => {
  const summary = target.closest?.('summary');
  if (summary) folded.add(summary.parentElement);
}, true);
htmx.registerExtension('slipway', {
  htmx_before_morph_attr: (element, { attrName }) => !(attrName === 'open' && folded.has(element)),
});
document.addEventListener('htmx:after:swap', showConnection);

// ---------- the stream ----------

let source = null;
let wait = RECONNECT_MS;
let timer = 0;

function connect(missed) {
  if (outdated) return;
  source = new EventSource(document.body.dataset.events);
  source.onopen = () => {
    wait = RECONNECT_MS;
    if (missed || broken.has('events')) refreshAll();
    heal('events');
  };
  source.onmessage = ({ data }) => refreshAll(`[data-part-url][data-live~="${CSS.escape(data)}"]`);
  source.onerror = () => {
    fault('events');
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    refreshAll(); // its answers say whether we may still see this page
    timer = setTimeout(connect, wait * (0.5 + Math.random()), true);
    wait = Math.min(wait * 2, RECONNECT_MOST_MS);
  };
}

function disconnect() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

if (document.body.dataset.events) {
  connect(false);
  // Over HTTP/1.1 a browser opens six connections to a server: tabs that nobody looks at give theirs up.
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(disconnect, CLOSE_WHEN_HIDDEN_MS);
    else if (!source || source.readyState === EventSource.CLOSED) connect(true);
  });
  window.addEventListener('pagehide', disconnect);
  window.addEventListener('pageshow', ({ persisted }) => persisted && !source && connect(true));
}
showConnection();
