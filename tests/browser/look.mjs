// Looks at pages in a real browser, as a person would: in the light and in the dark, on a desk and on a phone.
//   node look.mjs MODULES CHROMIUM SCREENSHOTS NAME=PAGE...
// MODULES has playwright-core and axe-core. Prints what there was to see as one JSON document; judges nothing.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [modules, chromium, screenshots, ...pages] = process.argv.slice(2);
const require = createRequire(join(modules, 'node_modules', 'x'));
const playwright = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const sizes = [{ width: 1280, height: 900 }, { width: 390, height: 844 }];

// In the page. What lies in something that scrolls by itself may be wider than the page.
function seen() {
  const scrolls = (element) => element && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const wide = [...document.body.querySelectorAll('*')].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(element.parentElement) && !element.closest('svg svg, thead');
  });
  const handlers = [...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith('on')));
  return {
    title: document.title,
    text: document.body.innerText,
    ground: getComputedStyle(document.body).backgroundColor,
    width: innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    wide: wide.map((element) => element.outerHTML.slice(0, 200)),
    scripts: document.scripts.length,
    frames: document.querySelectorAll('iframe, object, embed, img, link, form').length,
    handlers,
    strangers: [...document.querySelectorAll('[href]')].map((element) => element.getAttribute('href')).filter((href) => !href.startsWith('#')),
    charts: document.querySelectorAll('svg').length,
    stories: document.querySelectorAll('details').length,
  };
}

async function look(browser, name, page, viewport, colorScheme) {
  const context = await browser.newContext({ viewport, colorScheme });
  const tab = await context.newPage();
  const heard = [];
  tab.on('console', (message) => heard.push(`console: ${message.text()}`));
  tab.on('pageerror', (error) => heard.push(`error: ${error}`));
  tab.on('dialog', (dialog) => { heard.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on('request', (request) => { if (request.url() !== pathToFileURL(page).href) heard.push(`request: ${request.url()}`); });
  await tab.goto(pathToFileURL(page).href);
  const found = await tab.evaluate(seen);
  const picture = join(screenshots, `${name}-${viewport.width}-${colorScheme}.png`);
  await tab.screenshot({ path: picture, fullPage: true });
  await tab.evaluate(() => document.querySelectorAll('details').forEach((story) => { story.open = true; }));
  const unfolded = await tab.evaluate(seen);
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate(() => globalThis.axe.run());
  const barriers = violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 150)).join(' | ')}`);
  await context.close();
  return { name, scheme: colorScheme, picture, heard, ...found, unfolded, barriers };
}

const browser = await playwright.chromium.launch({ executablePath: chromium, args: flags });
const views = [];
for (const pair of pages) {
  const at = pair.indexOf('=');
  for (const size of sizes) {
    for (const scheme of ['light', 'dark']) views.push(await look(browser, pair.slice(0, at), pair.slice(at + 1), size, scheme));
  }
}
await browser.close();
process.stdout.write(JSON.stringify(views));
