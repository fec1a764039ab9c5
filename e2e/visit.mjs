// One page as one person: what they see of it, or how it is refused.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneLine } from './browser.mjs';
import * as checks from './checks.mjs';
import { languages, themes, widths } from './pages.mjs';

export const READY_MS = 15_000;
const HEIGHT = { 390: 844, 1440: 900 };
const narrow = [...widths];
const wide = [...widths].reverse();

// How a page can look: everybody who sees it takes one of these for axe, and one person alone all.
const LOOKS = [['en', 1440], ['zh-CN', 390], ['zh-CN', 1440], ['en', 390]];

// The looks that fall to one of those who see a page, so that together they take each.
export function looksOf(turn, people) {
  const mine = LOOKS.filter((_, number) => number % people === turn);
  return mine.length > 0 ? mine : [LOOKS[turn % LOOKS.length]];
}

// Opens a page in both languages, each in both widths, and lets axe see it in its `looks`.
export async function see(tools, { entry, role, path, turn, looks }) {
  const { page, seen, tally, out, url } = tools;
  for (const lang of languages) {
    const name = `${entry.name} as ${role} ${lang}`;
    try {
      await speak(page, lang, url);
      await page.setViewportSize(size(wide[0]));
      await open(page, seen, path, 200, ready(entry, role));
      tally.check(`${name} words`, await checks.missingWords(page));
      tally.check(`${name} language`, await checks.language(page, lang));
      tally.check(`${name} icons`, await checks.icons(page));
      tally.check(`${name} buttons`, await checks.buttons(page));
      const looked = looks.filter(([spoken]) => spoken === lang).map(([, width]) => width);
      for (const width of wide) {
        await page.setViewportSize(size(width));
        tally.check(`${name} ${width} overflow`, await checks.overflow(page));
        if (looked.includes(width)) await judge(page, tally, `${name} ${width}`, turn);
      }
      complaints(tally, name, seen);
      for (const width of turn === 0 ? narrow : looked) await picture(tools, join(out, `${entry.name}-${role}-${width}-${lang}.png`), width);
    } catch (error) {
      tally.check(`${name} opens`, [oneLine(error.message), ...seen.console]);
      await page.screenshot({ path: join(out, `${entry.name}-${role}-${lang}-fault.png`) }).catch(() => {});
    }
  }
}

// Somebody else's page has to work; its looks and words are not ours.
export async function seeForeign(tools, { entry, role, path }) {
  const { page, seen, tally, out } = tools;
  const name = `${entry.name} as ${role}`;
  try {
    await open(page, seen, path, 200, entry.ready);
    complaints(tally, name, seen);
    await picture(tools, join(out, `${entry.name}-${role}.png`), wide[0]);
  } catch (error) {
    tally.check(`${name} opens`, [oneLine(error.message), ...seen.console]);
  }
}

// Asks for a page that is not for this person, in both languages. The answer says so in words; what
// one may not know of is answered as what there is not. How it looks is judged once for all pages
// that say the same to the same person: `drawn` remembers.
export async function refused(tools, job, drawn) {
  const { page, tally, url } = tools;
  const { entry, role, path, status } = job;
  for (const lang of languages) {
    const name = `${entry.name} as ${role} ${lang}`;
    await speak(page, lang, url);
    const answer = await page.request.get(path, { maxRedirects: 0 });
    const html = await answer.text();
    tally.check(`${name} is refused`, answer.status() === status ? [] : [`${path} answered ${answer.status()}, not ${status}`]);
    tally.check(`${name} refusal's words`, refusal(html, lang));
    const said = words(html);
    if (status === 404) {
      const nothing = await page.request.get('/there-is-no-such-page');
      tally.check(`${name} tells no more than of nothing`, words(await nothing.text()) === said ? [] : [`it says ${said}`]);
    }
    const key = [role, status, lang, said].join('|');
    if (drawn.has(key)) continue;
    drawn.add(key);
    await draw(tools, job, lang);
  }
}

async function draw(tools, { entry, role, path, status }, lang) {
  const { page, seen, tally, out } = tools;
  const name = `${entry.name} as ${role} ${lang} refused`;
  try {
    await page.setViewportSize(size(wide[0]));
    await open(page, seen, path, status, 'h1');
    tally.check(`${name} icons`, await checks.icons(page));
    tally.check(`${name} buttons`, await checks.buttons(page));
    for (const width of wide) {
      await page.setViewportSize(size(width));
      tally.check(`${name} ${width} overflow`, await checks.overflow(page));
      await judge(page, tally, `${name} ${width}`, width === 390 ? 0 : 1);
    }
    // The browser says on its console what the page itself was answered; we know that.
    const answer = page.url();
    seen.console = seen.console.filter((line) => !line.includes(`status of ${status}`) || !line.endsWith(`(${answer})`));
    seen.requests = seen.requests.filter((line) => line !== `${answer}: ${status}`);
    complaints(tally, name, seen);
    await picture(tools, join(out, `refused-${status}-${entry.name}-${role}-${lang}.png`), wide[0]);
  } catch (error) {
    tally.check(`${name} opens`, [oneLine(error.message), ...seen.console]);
  }
}

function size(width) {
  return { width, height: HEIGHT[width] };
}

function speak(page, lang, url) {
  return page.context().addCookies([{ name: 'lang', value: lang, url }]);
}

function ready(entry, role) {
  return entry.form?.includes(role) ? 'main form' : entry.ready ?? 'h1';
}

// Until what the reader waits for is there: what the page is about, its letters, and its stream.
async function open(page, seen, path, status, selector) {
  // A page that moves may ask for a part of itself while it is left, and that is broken off.
  const arrived = (frame) => {
    if (frame !== page.mainFrame()) return;
    page.off('framenavigated', arrived);
    seen.next();
  };
  page.on('framenavigated', arrived);
  const response = await page.goto(path, { waitUntil: 'load', timeout: READY_MS });
  if (response.status() !== status) throw new Error(`${path} answered ${response.status()}, not ${status}`);
  const { pathname } = new URL(page.url());
  if (pathname !== new URL(path, page.url()).pathname) throw new Error(`${path} led to ${pathname}`);
  await page.waitForSelector(selector, { timeout: READY_MS });
  await page.waitForFunction(() => {
    const live = document.querySelector('.live');
    const follows = document.body.dataset.events && live?.dataset.liveText;
    return document.fonts.status === 'loaded' && (!follows || live.dataset.shown === 'live');
  }, null, { timeout: READY_MS });
}

function refusal(html, lang) {
  const faults = [...new Set(html.match(/⟦[^⟧]*⟧/g) ?? [])];
  if (!html.includes(`<html lang="${lang}"`)) faults.push(`it is not in ${lang}`);
  if (!/<h1>[^<]+<\/h1><p class="lede">[^<]+<\/p>/.test(html)) faults.push('it says neither what nor why');
  return faults;
}

function words(html) {
  return (html.match(/<h1>.*?<\/p>/s) ?? [''])[0].replace(/<[^>]+>/g, ' ').trim();
}

async function judge(page, tally, name, turn) {
  const order = turn % 2 === 0 ? themes : [...themes].reverse();
  const found = await checks.axe(page, order);
  for (const theme of order) tally.check(`${name} axe ${theme}`, found[theme]);
}

function complaints(tally, name, seen) {
  for (const what of ['console', 'requests', 'csp']) tally.check(`${name} ${what}`, [...seen[what]]);
}

async function picture({ page, cdp, tally }, path, width) {
  await page.setViewportSize(size(width));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const clip = { x: 0, y: 0, width, height, scale: 1 };
  // Compressing well takes longer than all checks of a page.
  await cdp.send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true, captureBeyondViewport: true, clip })
    .then(({ data }) => writeFile(path, data, 'base64'))
    .catch((error) => tally.check(`${path} screenshot`, [oneLine(error.message)]));
}
