// Small conveniences on every page: the theme, copying, logs that follow their end, the keyboard.
// Nothing here is needed to use Slipway. Words come from the page.

const page = document.documentElement;

// ---------- theme: <button data-theme-switch aria-pressed> ----------

function switchTheme() {
  const theme = page.dataset.bsTheme === 'dark' ? 'light' : 'dark';
  page.dataset.bsTheme = theme;
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
  showTheme();
}

function showTheme() {
  const dark = page.dataset.bsTheme === 'dark';
  document.querySelectorAll('[data-theme-switch]').forEach((button) => button.setAttribute('aria-pressed', dark));
}

// ---------- tabs: the current one is in sight, however many there are ----------

document.querySelectorAll('.tabs [aria-current]').forEach((tab) => {
  const list = tab.closest('ul');
  const beyond = tab.offsetLeft + tab.offsetWidth - list.offsetLeft - list.clientWidth + 40;
  if (beyond > 0) list.scrollLeft = beyond;
});

// ---------- copying: <button data-copy="what"> ----------

async function copy(button) {
  await writeClipboard(button.dataset.copy);
  const said = document.getElementById('say');
  if (said) said.textContent = said.dataset.copiedText ?? '';
  button.classList.add('is-copied');
  setTimeout(() => {
    button.classList.remove('is-copied');
    if (said) said.textContent = '';
  }, 1_600);
}

async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
}

// Over plain HTTP browsers give no clipboard; selecting a field and copying it works there too.
function copyBySelection(text) {
  const focused = document.activeElement;
  const field = Object.assign(document.createElement('textarea'), { value: text, className: 'visually-hidden' });
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
  focused?.focus();
}

// ---------- logs that follow their end unless the reader scrolled up: .log[data-follow] pre ----------

const LOG = '.log[data-follow] pre';
const NEAR_END_PX = 24;
const scrolledUp = new WeakSet();

function noteScroll({ target }) {
  if (!target.matches?.(LOG)) return;
  const away = target.scrollHeight - target.scrollTop - target.clientHeight > NEAR_END_PX;
  scrolledUp[away ? 'add' : 'delete'](target);
}

function followLogs() {
  for (const log of document.querySelectorAll(LOG)) if (!scrolledUp.has(log)) log.scrollTop = log.scrollHeight;
}

// ---------- keyboard: [data-key="/"], [data-key="g p"]; <body data-keys="off"> turns it off ----------

const SEQUENCE_MS = 1_500;
let leader = '';

function press(event) {
  if (event.key === 'Escape') closeMenu();
  if (event.key.length !== 1 || isTyping(event) || document.body.dataset.keys === 'off') return;
  const keys = leader ? `${leader} ${event.key}` : event.key;
  leader = '';
  const target = document.querySelector(`[data-key="${CSS.escape(keys)}"]`);
  if (target) {
    event.preventDefault();
    target[target.matches('input') ? 'focus' : 'click']();
  } else if (event.key === 'g') {
    leader = 'g';
    setTimeout(() => { leader = ''; }, SEQUENCE_MS);
  }
}

function isTyping(event) {
  return event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey
    || Boolean(event.target.closest?.('input, textarea, select, [contenteditable]'));
}

function closeMenu() {
  document.querySelector('details.menu-narrow[open]')?.removeAttribute('open');
}

// ---------- start ----------

document.addEventListener('click', (event) => {
  const hit = (selector) => event.target.closest?.(selector);
  if (!hit('.menu-narrow')) closeMenu();
  if (hit('[aria-disabled=true]')) event.preventDefault();
  else if (hit('[data-theme-switch]')) switchTheme();
  else if (hit('[data-copy]')) copy(hit('[data-copy]'));
});
document.addEventListener('keydown', press);
document.addEventListener('scroll', noteScroll, true);
document.addEventListener('toggle', followLogs, true);
document.addEventListener('htmx:after:swap', followLogs);
showTheme();
followLogs();
