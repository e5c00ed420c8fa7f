import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paintOf, slowly } from './support/paint.ts';
import { openStage, type Stage } from './support/sale-stage.ts';
import { headed, joinBehind } from './support/sale-states.ts';

// What the first paint of the sale page takes. How long it takes is for `npm run bench:paint`.

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
