import { decodeJwt } from 'jose';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openTab } from './support/browser.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

const hourMs = 3_600_000;
type Try = { key: string; proof: string; madeAtSeconds: number };

/** The clock of the shopper's computer; the page's own timers go on by it. */
const setClock = (page: Page, offsetMs: number) => page.clock.setSystemTime(Date.now() + offsetMs);

const busy = {
  status: 503,
  headers: { 'retry-after': '1', 'content-type': 'application/problem+json' },
  body: '{"type":"urn:fairgate:problem:unavailable","title":"Not available right now","status":503}',
};

/** What happens to one try of the redemption after the other. */
const fates: ((route: Route, page: Page) => Promise<void>)[] = [
  // Done, and the answer is lost: the instance was killed.
  async (route) => {
    expect((await route.fetch()).status()).toBe(201);
    await route.abort('connectionreset');
  },
  // No instance can be asked; then the clock is set, so that the next proof is of another time.
  async (route, page) => {
    await setClock(page, -5 * hourMs);
    await route.fulfill(busy);
  },
  // The checkout refuses that proof by its own clock, and says what time it is.
  async (route) => {
    const response = await route.fetch();
    expect(await response.json()).toMatchObject({ type: 'urn:fairgate:problem:proof-invalid' });
    await route.fulfill({ response });
  },
  async (route) => await route.continue(),
];

test('a bound shopper whose answers are lost, refused or late by the clock has one order: the same key, a fresh proof each time', async () => {
  const { edge, control } = stack;
  const { edgeUrl } = stack.info();
  const sale = await openSale(control, edge, { units: 5, room: openDoors });
  const { page, close } = await openTab(browser, { script: true, origins: [edgeUrl] });
  const tries: Try[] = [];
  await page.route('**/v1/redemptions', async (route) => {
    const headers = await route.request().allHeaders();
    const { jti: proof = '', iat = 0 } = decodeJwt(headers.dpop ?? '');
    tries.push({ key: headers['idempotency-key'] ?? '', proof, madeAtSeconds: iat });
    await fates[tries.length - 1]?.(route, page);
  });

  // Three hours ahead from the beginning: pages take the time from the server.
  await setClock(page, 3 * hourMs);
  await page.goto(`${edgeUrl}/sales/${sale.saleId}`);
  await page.getByRole('button', { name: 'Join the line' }).click();
  await page.getByRole('button', { name: 'Go to the checkout' }).click();
  await page.getByRole('button', { name: /reserve/i }).click();
  await page.waitForURL(/\/checkout\/orders\/ord_/);

  expect(tries).toHaveLength(fates.length);
  expect(new Set(tries.map(({ key }) => key)).size).toBe(1);
  expect(new Set(tries.map(({ proof }) => proof)).size).toBe(fates.length);
  const off = tries.map(({ madeAtSeconds }) => Math.abs(madeAtSeconds - Date.now() / 1_000) > 600);
  expect(off).toEqual([false, false, true, false]);
  expect(await stack.addsUp(sale)).toMatchObject({ orders: 1, held: 1 });
  await close();
});
