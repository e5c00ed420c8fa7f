import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings, pixelsTooWide } from './support/axe.ts';
import { openBrowser, openTab } from './support/browser.ts';
import { newToken } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { emptyRedis } from './support/redis.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.whole();
  await stack?.close();
});

const look = {
  colours: { accent: '#7a0b3b', dark: { accent: '#ff9fc6', accentInk: '#2b0015' } },
  texts: {
    en: { 'sale.joinTitle': 'Get <in> line', 'checkout.title': 'To the till' },
    de: { 'sale.joinTitle': 'Anstellen' },
  },
  logoUrl: 'https://shop.example/logo.png',
  logoAlt: 'Shop Example',
  html: { en: '<h2>Welcome</h2><p>One print each.</p>', de: '<h2>Willkommen</h2>' },
};

/** Sets it, and answers what is kept of its HTML. */
async function put(saleId: string, json: object): Promise<string> {
  const answer = await stack.control.raw(`/v1/sales/${saleId}/appearance`, { method: 'PUT', json });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.text).html;
}

async function pageOf(saleId: string, language = 'en'): Promise<string> {
  const headers = { accept: 'text/html', 'accept-language': language };
  const { status, text } = await stack.edge.raw(`/sales/${saleId}`, { headers });
  expect(status).toBe(200);
  return text;
}

const seen = (saleId: string, what: string | RegExp, isThere = true) =>
  waitFor(`the page with ${what}`, 2, async () => {
    return new RegExp(what).test(await pageOf(saleId)) === isThere;
  });

test('a look is seen within 2 s of the call, in each language, and so is that it was taken away', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  expect(await pageOf(saleId)).toContain('Join the line');
  await put(saleId, look);
  await seen(saleId, /Get &lt;in&gt; line/);
  const english = await pageOf(saleId);
  for (const part of ['--accent:#7a0b3b', 'alt="Shop Example"', '<h2>Welcome</h2>']) {
    expect(english).toContain(part);
  }
  const german = await pageOf(saleId, 'de');
  expect(german).toContain('Anstellen');
  expect(german).toContain('<h2>Willkommen</h2>');
  // Who has no block in their language sees another one, marked as what it is.
  expect(await pageOf(saleId, 'ja')).toMatch(/<div lang="en" dir="ltr"><h2>Welcome/);
  await put(saleId, { ...look, colours: { accent: '#0b5b3b' } });
  await seen(saleId, '--accent:#0b5b3b');
  await control.raw(`/v1/sales/${saleId}/appearance`, { method: 'DELETE' });
  await seen(saleId, '--accent:#0b5b3b', false);
  const plain = await pageOf(saleId);
  expect(plain).toContain('Join the line</h2>');
  expect(plain).not.toContain('<h2>Welcome</h2>');
});

test('a look that was answered is kept, though the queue service is killed and Redis emptied', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  await put(saleId, look);
  stack.kill('queue-service');
  await emptyRedis(stack);
  await stack.whole();
  await waitFor('the room being made anew', 20, async () => {
    return (await edge.sale(saleId)).state === 'open';
  });
  await waitFor('its look', 20, async () => (await pageOf(saleId)).includes('--accent:#7a0b3b'));
});

test('the checkout looks and speaks as the shop has it, too', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  await put(saleId, look);
  const token = await newToken(edge, saleId);
  const shown = await waitFor('the look at the checkout', 3, async () => {
    const { status, text } = await edge.raw(`/checkout?sale=${saleId}`, {
      method: 'POST',
      body: new URLSearchParams({ token }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'accept-language': 'en',
      },
    });
    expect(status).toBe(200);
    return text.includes('--accent:#7a0b3b') ? text : undefined;
  });
  expect(shown).toContain('alt="Shop Example"');
});

/** In a real browser, with the shop's images answered for it. */
async function openSalePage(saleId: string, size: { width: number; height: number }) {
  const { edgeUrl } = stack.info();
  const tab = await openTab(browser, { script: true, origins: [edgeUrl] });
  await tab.page.setViewportSize(size);
  const pixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  await tab.page.route('https://shop.example/**', (route) =>
    route.fulfill({ contentType: 'image/png', body: Buffer.from(pixel, 'base64') }),
  );
  await tab.page.goto(`${edgeUrl}/sales/${saleId}`);
  return tab;
}

/** Every element below the shop's block, and every attribute, as the browser has made them. */
const madeOfBlock = `[...document.querySelectorAll('.own *')].map((one) =>
  [one.localName, ...[...one.attributes].map(({ name }) => name)].join(' '))`;

const nasty = [
  '<img src=x onerror=stolen()>',
  '<svg onload=stolen()><script>stolen()</script></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=stolen()&gt;">',
  '<noscript><p title="</noscript><img src=x onerror=stolen()>"></noscript>',
  '<form action="https://evil.example"><input name=card autofocus onfocus=stolen()>',
  '<style>body{display:none}</style><p style="position:fixed;inset:0">a</p>',
  '</section></main></body><script>stolen()</script><base href="https://evil.example/">',
  '<a href="javascript:stolen()">a</a><a href="data:text/html,x">b</a>',
  '<table><tr><td><a href="https://shop.example/">one<a href="https://shop.example/">two',
  `<img src="https://shop.example/a.png" alt='"><img src=x onerror=stolen()>'>`,
  '<iframe srcdoc="<script>parent.stolen()</script>"></iframe><object data=x></object>',
];

test('whatever is in its block, a browser makes nothing of it but text, links, lists and images', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  // One after the other: what is never closed in one would hide the next.
  const kept: string[] = [];
  for (const html of nasty) kept.push(await put(saleId, { html: `<p>next</p>${html}` }));
  await put(saleId, { html: `<h2>Safe</h2>${kept.join('')}` });
  await seen(saleId, '<h2>Safe</h2>');
  const { page, faults, strangers, close } = await openSalePage(saleId, {
    width: 1_280,
    height: 800,
  });
  await page.getByRole('heading', { name: 'Safe' }).waitFor();
  const made = await page.evaluate<string[]>(madeOfBlock);
  expect(made.length).toBeGreaterThan(10);
  for (const one of made) {
    expect(one).toMatch(
      /^(div|h2|p|em|strong|table|tbody|tr|td|a( href| rel)+|img( src| alt| loading| decoding)+)$/,
    );
  }
  expect(await page.locator('form').count()).toBeGreaterThan(0);
  const elsewhere = strangers.filter((address) => !address.startsWith('https://shop.example/'));
  expect({ faults, elsewhere }).toEqual({ faults: [], elsewhere: [] });
  await close();
});

async function groundOf(page: Page): Promise<string> {
  return await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
}

test.each([
  { width: 1_280, height: 800 },
  { width: 320, height: 640 },
])(
  'a page with a look of its own is for everybody, by light and by dark, and prints on white ($width)',
  async (size) => {
    const { control, edge } = stack;
    const { saleId } = await openSale(control, edge, { units: 3 });
    const colours = { ground: '#ffe9f2', card: '#fff5f9', ink: '#33001a', muted: '#5a2440' };
    const rows = '<tr><td>Hall A, standing</td><td>36</td><td>38</td><td>40</td></tr>';
    const html = `<h2>Sizes</h2><table><thead><tr><th>Where</th><th>S</th><th>M</th><th>L</th></tr></thead><tbody>${rows}</tbody></table><img src="https://shop.example/wide.png" alt="The hall" width="900" height="300">`;
    const own = { ...colours, line: '#ffffff', accent: '#7a0b3b', accentSoft: '#ffffff' };
    await put(saleId, { ...look, html, colours: { ...own, dark: look.colours.dark } });
    await seen(saleId, '<h2>Sizes</h2>');
    const { page, faults, close } = await openSalePage(saleId, size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const found = { axe: await axeFindings(page), tooWide: await pixelsTooWide(page) };
      expect({ colorScheme, ...found }).toEqual({ colorScheme, axe: [], tooWide: 0 });
    }
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await groundOf(page)).toBe('rgb(255, 233, 242)');
    await page.emulateMedia({ media: 'print' });
    expect(await groundOf(page)).toBe('rgb(255, 255, 255)');
    expect(faults).toEqual([]);
    await close();
  },
);
