import type { Page } from 'playwright-core';

/** What came before the first paint of a page, and what moved afterwards. */
export type Paint = {
  /** In ms from the start of the navigation. */
  firstPaintMs: number;
  /** Paths of all that came by the network, wholly, before the first paint. */
  answersBefore: string[];
  /** Cumulative layout shift, of what no shopper did (Layout Instability API). */
  shift: number;
};

/** Slow 3G as browsers' tools have it (400 ms to answer, 400 kbit/s), and a fourth of the processor. */
export async function slowly(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 400,
    downloadThroughput: 50_000,
    uploadThroughput: 50_000,
  });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
}

/** Runs before the page's own: what the browser notices of it. */
const watching = `globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifts.push(entry.value);
}).observe({ type: 'layout-shift', buffered: true });`;

const measured = `(() => {
  const [paint] = performance.getEntriesByName('first-paint');
  const [page] = performance.getEntriesByType('navigation');
  const before = performance.getEntriesByType('resource').filter((it) => it.transferSize > 0 && it.responseEnd <= paint.startTime);
  return {
    firstPaintMs: paint.startTime,
    answersBefore: [page, ...before].map((it) => new URL(it.name).pathname),
    shift: globalThis.shifts.reduce((sum, value) => sum + value, 0),
  };
})()`;

/** Opens the page, and lets it become live: its script has come, and counts or polls. */
export async function paintOf(page: Page, url: string): Promise<Paint> {
  await page.addInitScript(watching);
  const answered = page.waitForResponse((response) => response.url().includes('/api/sales/'));
  await page.goto(url);
  await answered;
  return await page.evaluate<Paint>(measured);
}
