import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { makePageRig, type PageRig, type Shopper } from '../testing/page-rig.ts';
import { type PlacedOrder, placeOrder } from '../testing/payment-rig.ts';

let pages: PageRig;
beforeAll(async () => {
  pages = await makePageRig({ databaseUrl: await freshDatabaseUrl(afterAll), paySeconds: 200 });
});
afterAll(() => pages?.close());

/** The page of an order, in the browser that made it. */
async function open(): Promise<Shopper & { order: PlacedOrder; address: string }> {
  const order = await placeOrder(pages.rig);
  const shopper = await pages.shopper();
  const cookie = { name: `fg_order_${order.id}`, value: order.key, url: pages.origin };
  await shopper.context.addCookies([cookie]);
  const address = `${pages.origin}/checkout/orders/${order.id}`;
  await shopper.page.goto(address);
  return { ...shopper, order, address };
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 });
/** Gone as soon as the page is loaded anew. */
const mark = (page: Page) => page.evaluate('window.isTheSame = true');
const isTheSame = (page: Page) => page.evaluate('window.isTheSame === true');

describe('the page of an order that loses its connection', () => {
  test('says that there is no connection, and goes on by itself', async () => {
    const { page, order, context } = await open();
    await mark(page);
    await context.setOffline(true);
    await page.locator('#connection').filter({ hasText: 'Your order is kept' }).waitFor();
    await order.pay();
    await order.reaches('paid');
    await context.setOffline(false);
    await heading(page, 'Paid').waitFor();
    await expect.poll(() => page.locator('#connection').textContent()).toBe('');
    expect(await isTheSame(page)).toBe(true);
  });

  test('asks by itself where too many streams are open, and calls that no lost connection', async () => {
    const { page, order, address } = await open();
    const refused = { status: 503, headers: { 'retry-after': '2' }, body: '{}' };
    await page.route('**/events', (route) => route.fulfill(refused));
    await page.goto(address);
    await page.getByLabel('Card number').waitFor();
    await order.pay();
    await heading(page, 'Paid').waitFor();
    expect(await page.locator('#connection').textContent()).toBe('');
  });

  test('comes back ever later to a stream that is refused, soon after an event, and not while nobody looks', async () => {
    const { page, address } = await open();
    const [streams, looks]: [string[], string[]] = [[], []];
    let isRefused = true;
    const told = 'event: order\nid: 0\ndata: {"state":"awaiting_payment"}\n\n';
    await page.route('**/events', async (route) => {
      streams.push(route.request().url());
      if (isRefused) await route.fulfill({ status: 503, body: '{}' });
      else await route.fulfill({ contentType: 'text/event-stream', body: told });
    });
    // With each loss the page looks for itself, once its next coming is set.
    page.on('request', (request) => {
      if (request.url() === address && request.resourceType() === 'fetch') looks.push(address);
    });
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1_000);
    await page.goto(address);
    let losses = 1;
    const isLostAgain = () => expect.poll(() => looks.length).toBe(losses);
    await isLostAgain();
    for (const ms of [4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      await page.clock.runFor(ms / 2 - 1);
      expect(streams).toHaveLength(losses);
      await page.clock.runFor(ms / 2 + 1);
      losses += 1;
      await isLostAgain();
    }
    isRefused = false;
    for (const ms of [60_000, 4_000, 4_000]) {
      await page.clock.runFor(ms);
      losses += 1;
      await isLostAgain();
    }
    await page.evaluate(`Object.defineProperty(document, 'visibilityState', {
      configurable: true, value: 'hidden' })`);
    await page.clock.runFor(60_000);
    expect(streams).toHaveLength(losses);
    await page.evaluate(`delete document.visibilityState;
      document.dispatchEvent(new Event('visibilitychange'))`);
    await expect.poll(() => streams.length).toBe(losses + 1);
  });

  test('looks again by itself where one look was lost, though the stream was not', async () => {
    const { page, order } = await open();
    await mark(page);
    let isStalled = true;
    await page.route('**/checkout/orders/*', async (route) => {
      if (isStalled) await route.abort('connectionreset');
      else await route.continue();
    });
    await order.pay();
    await page.locator('#connection').filter({ hasText: 'Your order is kept' }).waitFor();
    isStalled = false;
    await heading(page, 'Paid').waitFor();
    await expect.poll(() => page.locator('#connection').textContent()).toBe('');
    expect(await isTheSame(page)).toBe(true);
  });
});
