// Times that age: every <time datetime data-relative> is written in the page's language and refreshed.
//
//   data-relative          26 min ago · in 7 days · from 30 days on the date
//   data-relative="span"   how long since: 40 s · 3 min 18 s · 22 min · 2 h · 3 days
//   data-relative="clock"  09:33:52
//
// The title is the exact time in the viewer's zone. The server writes the same forms, so that nothing
// jumps and pages read well without scripts.

const chinese = document.documentElement.lang.startsWith('zh');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
const DATES_FROM = 30 * DAY;
const FINE_UNTIL = 10 * MINUTE;

const UNITS = chinese
  ? { s: (n) => `${n} 秒`, min: (n) => `${n} 分钟`, fine: (m, s) => `${m} 分 ${s} 秒`, h: (n) => `${n} 小时`, d: (n) => `${n} 天` }
  : { s: (n) => `${n} s`, min: (n) => `${n} min`, fine: (m, s) => `${m} min ${s} s`, h: (n) => `${n} h`, d: (n) => `${n} ${n === 1 ? 'day' : 'days'}` };

const two = (n) => String(n).padStart(2, '0');
const clock = (t) => `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
const date = (t) => (chinese
  ? `${t.getFullYear()}年${t.getMonth() + 1}月${t.getDate()}日`
  : `${t.getDate()} ${MONTHS[t.getMonth()]} ${t.getFullYear()}`);

function zone(t) {
  const offset = -t.getTimezoneOffset();
  if (offset === 0) return 'UTC';
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `UTC${offset < 0 ? '-' : '+'}${hours}${minutes ? `:${two(minutes)}` : ''}`;
}

function exact(t) {
  return chinese ? `${date(t)} ${clock(t)}（${zone(t)}）` : `${date(t)}, ${clock(t)} (${zone(t)})`;
}

function coarse(seconds) {
  if (seconds < MINUTE) return UNITS.s(seconds);
  if (seconds < HOUR) return UNITS.min(Math.floor(seconds / MINUTE));
  if (seconds < DAY) return UNITS.h(Math.floor(seconds / HOUR));
  return UNITS.d(Math.floor(seconds / DAY));
}

// Few minutes keep their seconds, because then somebody is watching.
function span(seconds) {
  if (seconds < MINUTE || seconds >= FINE_UNTIL) return coarse(seconds);
  return UNITS.fine(Math.floor(seconds / MINUTE), seconds % MINUTE);
}

function ago(t, seconds) {
  if (Math.abs(seconds) >= DATES_FROM) return date(t);
  if (seconds < 0) return chinese ? `${coarse(-seconds)}后` : `in ${coarse(-seconds)}`;
  return chinese ? `${coarse(seconds)}前` : `${coarse(seconds)} ago`;
}

const FORMS = { span: (_, seconds) => span(Math.max(0, seconds)), clock };

function spell(element) {
  const t = new Date(element.dateTime);
  if (Number.isNaN(t.getTime())) return;
  const text = (FORMS[element.dataset.relative] ?? ago)(t, Math.round((Date.now() - t) / 1000));
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== exact(t)) element.title = exact(t);
}

function spellAll(selector = 'time[data-relative]') {
  document.querySelectorAll(selector).forEach(spell);
}

spellAll();
document.addEventListener('htmx:after:swap', () => spellAll());
document.addEventListener('slipway:changed', () => spellAll());
document.addEventListener('visibilitychange', () => document.hidden || spellAll());
setInterval(() => document.hidden || spellAll(), 20_000);
setInterval(() => document.hidden || spellAll('time[data-relative=span]'), 1_000);
