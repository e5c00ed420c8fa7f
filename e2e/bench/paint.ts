import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRedis } from '../../scripts/test/stores.ts';
import { findRedis } from '../../scripts/toolchain/redis.ts';
import { openBrowser } from '../support/browser.ts';
import { startEdge } from '../support/edge-process.ts';
import { type Paint, paintOf, slowly } from '../support/paint.ts';
import { roomsIn } from '../support/rooms.ts';

// `npm run bench:paint`: when the sale page is first painted on a slow telephone and a slow network,
// beside a bare page of one line on the same, side by side in one run. Not compressed here: on
// Cloudflare it is.

const runs = 5;
const sizes = [
  { width: 390, height: 844 },
  { width: 1_280, height: 800 },
];

const firstPaint = `new Promise((resolve) => new PerformanceObserver((list) => {
  resolve(list.getEntries()[0].startTime);
}).observe({ type: 'paint', buffered: true }))`;

const median = (values: number[]) =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const folder = mkdtempSync(join(tmpdir(), 'fairgate-paint-'));
const redis = await startTestRedis(await findRedis(console.log), folder);
const [edge, browser] = await Promise.all([startEdge({ redisUrl: redis.url }), openBrowser()]);
const rooms = roomsIn(redis.url);
try {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  for (const viewport of sizes) {
    const sale: Paint[] = [];
    const bare: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const context = await browser.newContext({ viewport, locale: 'en-GB' });
      const page = await context.newPage();
      await slowly(page);
      sale.push(await paintOf(page, `${edge.url}/sales/${saleId}`));
      await page.goto(`${edge.url}/healthz`);
      bare.push(await page.evaluate<number>(firstPaint));
      await context.close();
    }
    const saleMs = median(sale.map(({ firstPaintMs }) => firstPaintMs));
    const bareMs = median(bare);
    const shift = Math.max(...sale.map((paint) => paint.shift));
    console.log(
      `${viewport.width} × ${viewport.height}: first paint ${Math.round(saleMs)} ms, a line of text ` +
        `${Math.round(bareMs)} ms, ratio ${(saleMs / bareMs).toFixed(2)}; layout shift ${shift}`,
    );
  }
} finally {
  await browser.close();
  rooms.close();
  await edge.stop();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
