import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { slowly } from '../../../e2e/support/paint.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { makePageRig, type PageRig } from '../testing/page-rig.ts';
import { placeOrder } from '../testing/payment-rig.ts';

// A browser on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let pages: PageRig;
beforeAll(async () => {
  pages = await makePageRig({ databaseUrl: await freshDatabaseUrl(afterAll) });
});
afterAll(() => pages?.close());

/** Runs before the page's own: what the browser notices of it. */
const watching = `
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) {
      if (!hadRecentInput) window.shifted += value;
    }
  }).observe({ type: 'layout-shift', buffered: true });`;

/** In ms after the navigation began. */
const firstPaintMs = (page: Page) =>
  page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`);
/** The cumulative layout shift; a time of day that becomes a shorter one is all that it may be. */
const shifted = (page: Page) => page.evaluate<number>('window.shifted');
const shiftMax = 0.01;

test.each(['en-GB', 'hi', 'ar'])(
  'on a slow phone the pages are there within 2 s, and nothing moves once they are: %s',
  async (locale) => {
    const { page, context } = await pages.shopper({ locale });
    await slowly(page);
    await page.addInitScript(watching);
    const token = await pages.rig.token({ max: 1 });
    await page.goto(`${pages.origin}/checkout?sale=${pages.rig.saleId}#token=${token}`);
    await page.locator('button[type=submit]:enabled').waitFor();
    expect(await firstPaintMs(page)).toBeLessThan(2_000);
    expect(await shifted(page)).toBeLessThan(shiftMax);
    const order = await placeOrder(pages.rig);
    const cookie = { name: `fg_order_${order.id}`, value: order.key, url: pages.origin };
    await context.addCookies([cookie]);
    await page.goto(`${pages.origin}/checkout/orders/${order.id}`);
    await page
      .locator('#pay-before')
      .filter({ hasText: /^\d:\d\d$/ })
      .waitFor();
    expect(await firstPaintMs(page)).toBeLessThan(2_000);
    expect(await shifted(page)).toBeLessThan(shiftMax);
    // The warning at a minute moves nothing either.
    await pages.rig.sql`
      update orders set pay_before = now() + interval '58 seconds', version = version + 1
      where id = ${order.id}`;
    await page.locator('#soon').filter({ hasText: /./ }).waitFor();
    expect(await shifted(page)).toBeLessThan(shiftMax);
  },
);
