// What is asked of every page. Each check returns the faults it found, in words.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const AXE_IMPACTS = ['serious', 'critical'];

// A word without a translation is rendered as ⟦its-key⟧, in text or in an attribute.
export async function missingWords(page) {
  const html = await page.content();
  return [...new Set(html.match(/⟦[^⟧]*⟧/g) ?? [])];
}

export async function language(page, lang) {
  const said = await page.evaluate(() => document.documentElement.lang);
  return said === lang ? [] : [`<html lang="${said}">, asked for ${lang}`];
}

export function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth <= width) return [];
    const scrolls = (e) => e && (getComputedStyle(e).overflowX !== 'visible' || scrolls(e.parentElement));
    const beyond = [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > width + 0.5 && !scrolls(e.parentElement));
    const inner = beyond.filter((e) => !beyond.some((other) => other !== e && e.contains(other)));
    const names = inner.slice(0, 3).map((e) => `${e.localName}.${[...e.classList].join('.')} "${e.textContent.trim().slice(0, 40)}"`);
    return [`${scrollWidth} px of page in ${width} px: ${names.join(', ') || 'no single element'}`];
  });
}

// A <use> of a name that its sprite lacks draws nothing and says nothing.
export function icons(page) {
  return page.evaluate(async () => {
    const names = [...document.querySelectorAll('use')].map((use) => use.getAttribute('href'));
    const sprites = new Map();
    const lacking = new Set();
    for (const [file, id] of names.map((name) => name.split('#'))) {
      if (!sprites.has(file)) {
        const text = file === '' ? document.documentElement.outerHTML : await (await fetch(file)).text();
        sprites.set(file, new DOMParser().parseFromString(text, 'text/html'));
      }
      if (!sprites.get(file).getElementById(id)) lacking.add(`no icon ${id}`);
    }
    return [...lacking];
  });
}

export function buttons(page) {
  return page.evaluate(() => {
    const primary = [...document.querySelectorAll('main .btn-primary')].map((e) => `"${e.textContent.trim()}"`);
    return primary.length > 1 ? [`${primary.length} primary buttons: ${primary.join(', ')}`] : [];
  });
}

// The rules whose answer depends on colours; all others see the same page in both themes.
const AXE_COLOURS = ['color-contrast', 'link-in-text-block'];

// With every fold open, so that what lies beneath is looked at too: everything in one theme, and
// in the other whatever that may change. Gives the faults of each theme.
export async function axe(page, [theme, other]) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(AXE);
  const found = await page.evaluate(async ([tags, colours, wanted]) => {
    const before = document.documentElement.dataset.bsTheme;
    const folds = [...document.querySelectorAll('main details:not([open])')];
    for (const fold of folds) fold.open = true;
    const answers = [];
    for (const [number, look] of wanted.entries()) {
      document.documentElement.dataset.bsTheme = look;
      // A terminal's screen draws itself in its new colours within a frame.
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
      const runOnly = number === 0 ? tags : { type: 'rule', values: colours };
      const { violations } = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
      answers.push(violations.map(({ id, impact, nodes }) => ({ id, impact, targets: nodes.map((n) => n.target.join(' ')) })));
    }
    for (const fold of folds) fold.open = false;
    document.documentElement.dataset.bsTheme = before;
    return answers;
  }, [AXE_TAGS, AXE_COLOURS, [theme, other]]);
  const serious = (list) => list
    .filter(({ impact }) => AXE_IMPACTS.includes(impact))
    .map(({ id, impact, targets }) => `${id} (${impact}) at ${targets.slice(0, 3).join(', ')}`);
  return { [theme]: serious(found[0]), [other]: serious(found[1]) };
}
