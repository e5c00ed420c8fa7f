import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from './support/browser.ts';
import { startEdge } from './support/edge-process.ts';
import { paintOf, slowly } from './support/paint.ts';
import { roomsIn } from './support/rooms.ts';
import { headed, joinBehind, type Stage } from './support/sale-states.ts';
import { freshRedisUrl } from './support/stores.ts';

// What the first paint of the sale page takes. How long it takes is for `npm run bench:paint`.

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const [edge, opened] = await Promise.all([startEdge({ redisUrl }), openBrowser()]);
  browser = opened;
  stage = { edge, rooms: roomsIn(redisUrl) };
}, 120_000);
afterAll(async () => {
  await browser?.close();
  stage?.rooms.close();
  await stage?.edge.stop();
});

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
