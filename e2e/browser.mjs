// One Chromium for a whole run, and pages that remember everything the browser complained about.
import { chromium } from 'playwright-core';

const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, headless: true, args: ARGS });
}

// Returns lists that fill as the page runs; `next()` empties them for the page's next document, and
// what one before it still had to say is not taken for the next one's. Take a copy before driving
// the page any further than its reader would: screenshots add styles of their own.
export async function watch(page) {
  const seen = { console: [], requests: [], csp: [], next };
  let asked = new WeakSet();
  function next() {
    for (const list of [seen.console, seen.requests, seen.csp]) list.length = 0;
    asked = new WeakSet();
  }
  page.on('console', (message) => {
    const { url } = message.location();
    if (['error', 'warning'].includes(message.type())) seen.console.push(`${message.type()}: ${oneLine(message.text())} (${url})`);
  });
  page.on('pageerror', (error) => seen.console.push(`uncaught: ${oneLine(error.message)}`));
  page.on('request', (request) => asked.add(request));
  page.on('requestfailed', (request) => {
    if (asked.has(request)) seen.requests.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && asked.has(response.request())) seen.requests.push(`${response.url()}: ${response.status()}`);
  });
  await page.exposeBinding('reportCsp', (_, report) => seen.csp.push(report));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const place = event.sourceFile ? ` at ${event.sourceFile}:${event.lineNumber}` : '';
      window.reportCsp(`${event.effectiveDirective} blocked ${event.blockedURI}${place} ${event.sample}`.trim());
    });
  });
  return seen;
}

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

export function oneLine(text) {
  return text.replace(COLOURS, '').replace(/\s+/g, ' ').trim().slice(0, 300);
}
