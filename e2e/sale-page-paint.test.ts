import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edgeClient } from './support/edge-client.ts';
import { answered } from './support/http.ts';
import { paintOf, slowly } from './support/paint.ts';
import { openStage, type Stage } from './support/sale-stage.ts';
import { headed, joinBehind } from './support/sale-states.ts';
import { saleListShape } from './support/shapes.ts';

// What the first paint of the sale page takes (how long it takes is for `npm run bench:paint`), and
// how the catalogue grows.

let stage: Stage;
let browser: Browser;
let close: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ stage, browser, close } = await openStage());
}, 120_000);
afterAll(async () => close?.());

const sizes = [
  { width: 390, height: 844 },
  { width: 1_280, height: 800 },
];

describe.each(sizes)('on a slow device and a slow network, at $width × $height', (viewport) => {
  const opened = async (): Promise<Page> => {
    const context = await browser.newContext({ viewport, locale: 'en-GB' });
    context.setDefaultTimeout(30_000);
    return await context.newPage();
  };

  test('the page is painted by one answer, and nothing moves when its script has come', async () => {
    const saleId = await stage.rooms.open({ admitPerMinute: 0 });
    const page = await opened();
    await slowly(page);
    const paint = await paintOf(page, `${stage.edge.url}/sales/${saleId}`);
    expect(paint.answersBefore).toEqual([`/sales/${saleId}`]);
    expect(paint.shift).toBe(0);
    await page.context().close();
  });

  test('in line, and when the turn comes, nothing moves but what the shopper did', async () => {
    const page = await opened();
    const saleId = await joinBehind(page, stage, 'en', 2, { admitPerMinute: 0, abandonSeconds: 9 });
    await headed(page, 'en', 'place.lineTitle');
    await slowly(page);
    const paint = await paintOf(page, `${stage.edge.url}/sales/${saleId}`);
    expect(paint.answersBefore).toEqual([`/sales/${saleId}`]);
    expect(paint.shift).toBe(0);
    await page.context().close();
  });
});

test('more sales are told as they come; the focus goes to them, and the languages are at hand', async () => {
  const startsAt = Date.now() + 3_600_000;
  const opening = Array.from({ length: 25 }, () => stage.rooms.open({ startsAt }));
  await Promise.all(opening);
  const all = await edgeClient(stage.edge.url).raw('/api/sales?limit=100');
  const { items } = answered(all, 200, saleListShape);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.goto(`${stage.edge.url}/?lang=de`);
  expect(await page.locator('main li').count()).toBe(24);
  await page.getByText('Sprache').click({ trial: true });
  expect(await page.locator('#loaded').textContent()).toBe('');
  await page.locator('#more').focus();
  const count = items.length - 24;
  await page.getByRole('status').getByText(`Das sind alle: ${items.length}`).waitFor();
  expect(await page.locator('#loaded').textContent()).toMatch(new RegExp(`^${count} weitere`));
  expect(await page.locator('main li').count()).toBe(items.length);
  expect(await page.locator('#more').count()).toBe(0);
  expect(await page.locator('#coming li:nth-child(25) a:focus').count()).toBe(1);
  await context.close();
});
