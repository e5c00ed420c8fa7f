import type { SaleInfo } from '@fairgate/shared/sale.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openTab, type Tab } from './support/browser.ts';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';
import { call } from './support/http.ts';
import { type Rooms, roomsIn } from './support/rooms.ts';
import { type Siteverify, startSiteverify } from './support/siteverify.ts';
import { freshRedisUrl } from './support/stores.ts';
import { waitFor } from './support/wait.ts';

// The page of a sale that asks for a challenge, in a real browser.

let edge: EdgeProcess;
let rooms: Rooms;
let siteverify: Siteverify;
let browser: Browser;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  siteverify = await startSiteverify();
  const bindings = {
    TURNSTILE_SITE_KEY: 'site-key',
    TURNSTILE_SECRET: siteverify.secret,
    TURNSTILE_URL: siteverify.url,
  };
  [edge, browser] = await Promise.all([startEdge({ redisUrl, bindings }), openBrowser()]);
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  rooms?.close();
  await edge?.stop();
  await siteverify?.close();
});

const tab = (script = true): Promise<Tab> => openTab(browser, { script, origins: [edge.url] });
const altcha = (...challengeAt: SaleInfo['challengeAt']): Partial<SaleInfo> => ({
  challenge: 'altcha',
  challengeAt,
});
const open = (info: Partial<SaleInfo>, admitPerMinute = 0) =>
  rooms.open({ admitPerMinute }, undefined, info);
const pageOf = (saleId: string) => `${edge.url}/sales/${saleId}`;
const button = (page: Page, name: string) => page.getByRole('button', { name });
/** The way ends at a checkout, which does not run here. */
const spend = async (page: Page) => {
  const taken = page.waitForResponse((response) => response.url().endsWith('/place/token'));
  const left = page.waitForURL(/\/checkout\?/);
  await button(page, 'Go to the checkout').click();
  await left;
  return (await taken).status();
};

test('a proof of work is solved by the page, at joining and at taking the token', async () => {
  const saleId = await open(altcha('join', 'token'));
  const { page, faults, strangers, close } = await tab();
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(new URL(worker.url()).pathname));
  let joins = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/place')) joins += 1;
  });
  await page.goto(pageOf(saleId));
  await button(page, 'Join the line').click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  expect(await page.locator('#check').count()).toBe(0);
  expect(joins).toBe(1);
  await rooms.open({ admitPerMinute: 6_000 }, saleId, altcha('join', 'token'));
  await page.getByRole('heading', { name: 'It is your turn' }).waitFor();
  expect(await spend(page)).toBe(200);
  expect(workers).toEqual([workers[0], workers[0]]);
  expect(workers[0]).toMatch(/^\/assets\/pow\.[0-9a-f]{12}\.js$/);
  expect(strangers).toEqual([]);
  expect(faults.filter((fault) => !fault.includes('/checkout'))).toEqual([]);
  await close();
});

test('what is being done is told, with its progress, to whoever sees or hears the page', async () => {
  const saleId = await open(altcha('join'));
  const { page, close } = await tab();
  // A challenge that nobody solves, so that the page stays as it is.
  await page.route('**/challenge', async (route) => {
    const challenge = await (await route.fetch()).json();
    await route.fulfill({ json: { ...challenge, challenge: '0'.repeat(64), maxnumber: 1e12 } });
  });
  await page.goto(pageOf(saleId));
  await button(page, 'Join the line').click();
  await page.getByRole('status').filter({ hasText: 'Checking your browser' }).waitFor();
  const progress = page.getByRole('progressbar', { name: 'Progress of the check' });
  for (const tried of [8_192, 200_000]) {
    await waitFor(`${tried} tries`, 20, async () => {
      return Number(await progress.getAttribute('value')) >= tried;
    });
  }
  expect(await button(page, 'Join the line').isDisabled()).toBe(true);
  await close();
});

test('a challenge that was refused is replaced by a fresh one, once', async () => {
  const saleId = await open(altcha('join'));
  const { page, close } = await tab();
  let asked = 0;
  await page.route('**/challenge', async (route) => {
    const challenge = await (await route.fetch()).json();
    asked += 1;
    // As one that has become too old in a tab that slept: the signature is of another one.
    const json = asked === 1 ? { ...challenge, signature: '0'.repeat(64) } : challenge;
    await route.fulfill({ json });
  });
  await page.goto(pageOf(saleId));
  await button(page, 'Join the line').click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  expect(asked).toBe(2);
  await close();
});

test('without JavaScript the page says what it needs, and the form says it again', async () => {
  const saleId = await open(altcha('join'));
  const { page, close } = await tab(false);
  await page.goto(pageOf(saleId));
  // A driver that turns scripts off leaves Chromium hiding what is in `noscript` all the same.
  const hints = (await page.locator('noscript').allTextContents()).join();
  expect(hints).toContain('This sale needs JavaScript');
  await button(page, 'Join the line').click();
  await page.getByText('This sale needs JavaScript').waitFor();
  await close();
});

test('Turnstile’s widget is let in by the page of a sale that uses it, and by no other', async () => {
  const info: Partial<SaleInfo> = { challenge: 'turnstile', challengeAt: ['join', 'token'] };
  const saleId = await open(info, 6_000);
  const other = await open({}, 6_000);
  const { page, faults, strangers, close } = await tab();
  await standIn(page);
  await page.goto(pageOf(saleId));
  await button(page, 'Join the line').click();
  await page.getByRole('heading', { name: 'It is your turn' }).waitFor();
  expect(await spend(page)).toBe(200);
  expect(new Set(strangers)).toEqual(new Set([turnstileScript]));
  expect(faults.filter((fault) => !fault.includes('/checkout'))).toEqual([]);

  await page.goto(pageOf(other));
  const policy = await page.evaluate(`new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
    const script = document.createElement('script');
    script.src = '${turnstileScript}';
    document.head.append(script);
  })`);
  expect(policy).toBe('script-src-elem');
  await close();
});

test('a page that was opened before its sale used Turnstile is loaded anew, and then lets it in', async () => {
  const saleId = await open({});
  const { page, close } = await tab();
  await standIn(page);
  await page.goto(pageOf(saleId));
  await rooms.open({ admitPerMinute: 0 }, saleId, {
    challenge: 'turnstile',
    challengeAt: ['join'],
  });
  await waitFor('the setting at the edge', 3, async () => {
    return (await call(`${edge.url}/api/sales/${saleId}/challenge`)).status === 200;
  });
  const again = page.waitForEvent('load');
  await button(page, 'Join the line').click();
  await again;
  await button(page, 'Join the line').click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  await close();
});

const turnstileScript = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit';

/** Cloudflare's script, which cannot be had here: it hands out the token that its service would. */
async function standIn(page: Page): Promise<void> {
  await page.route('https://challenges.cloudflare.com/**', async (route) => {
    const body = `window.turnstile = {
      render: (place, { sitekey, action, cData, callback }) => {
        place.textContent = sitekey;
        fetch('/token-of-the-stand-in?' + new URLSearchParams({ action, cData }))
          .then((response) => response.text()).then(callback);
        return 'id';
      },
      remove: () => {},
    };`;
    await route.fulfill({ contentType: 'text/javascript', body });
  });
  await page.route('**/token-of-the-stand-in?*', async (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const facts = { action: asked.get('action') ?? '', cdata: asked.get('cData') ?? '' };
    await route.fulfill({ body: siteverify.issue(facts) });
  });
}
