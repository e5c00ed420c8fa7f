import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from './support/browser.ts';
import { edgeClient } from './support/edge-client.ts';
import { openStage, type Stage } from './support/sale-stage.ts';
import { headed, joinBehind, othersJoin } from './support/sale-states.ts';
import { holdsFor, waitFor } from './support/wait.ts';

// The sale page while nobody looks, nothing answers, or ten tabs are open: it keeps the place, and
// says what it knows. Most of the time goes by in waiting, so that nearly all wait at once.

let stage: Stage;
let browser: Browser;
let close: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ stage, browser, close } = await openStage());
}, 120_000);
afterAll(async () => close?.());

const numberOn = async (page: Page) => await page.locator('[data-field="number"]').textContent();
const banner = (page: Page) => page.locator('#net');

const titled = (page: Page, start: string) =>
  waitFor(`the title “${start}”`, 30, async () => (await page.title()).startsWith(start));

async function tab(): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(30_000);
  return { context, page: await context.newPage() };
}

/** Polls of a place that a page, or all pages of a browser, have sent. */
function pollsOf(context: BrowserContext): string[] {
  const polls: string[] = [];
  context.on('request', (request) => {
    if (request.method() === 'GET' && request.url().endsWith('/place')) polls.push(request.url());
  });
  return polls;
}

test.concurrent('offline for a minute and back: the same place, and no error is left on the page', async () => {
  const { context, page } = await tab();
  await joinBehind(page, stage, 'en', 6);
  const number = await numberOn(page);
  await context.setOffline(true);
  await banner(page).getByText('No connection. Your place is kept').waitFor();
  await holdsFor(60, async () => {
    expect(await banner(page).isVisible()).toBe(true);
    expect(await numberOn(page)).toBe(number);
  });
  const polled = page.waitForResponse((response) => response.url().endsWith('/place'));
  await context.setOffline(false);
  expect((await polled).status()).toBe(200);
  await banner(page).waitFor({ state: 'hidden' });
  expect(await numberOn(page)).toBe(number);
  expect(await page.locator('#said').isHidden()).toBe(true);
  expect(await page.locator('#live').textContent()).toContain('The connection is back');
  await context.close();
});

/** Stopped by the system, as a telephone does it: a page that is looked at cannot be frozen by itself. */
async function rendererPids(own: Browser): Promise<number[]> {
  const session = await own.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

test.concurrent('a page that was frozen until it counted as gone has the same number when it wakes', async ({
  onTestFinished,
}) => {
  const own = await openBrowser();
  onTestFinished(() => own.close());
  const page = await own.newPage({ locale: 'en-GB' });
  const fields = { name: 'Frozen', admitPerMinute: 0, abandonSeconds: 5 };
  const saleId = await joinBehind(page, stage, 'en', 2, fields);
  const number = await numberOn(page);
  const pids = await rendererPids(own);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const client = edgeClient(stage.edge.url);
  const { ticket } = await client.join(saleId);
  const aheadOfLast = async () => (await client.poll(saleId, ticket)).ahead;
  await waitFor('its being taken for gone', 30, async () => (await aheadOfLast()) === 0);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  await waitFor('its being back, ahead of whoever came later', 30, async () => {
    return (await aheadOfLast()) === 1;
  });
  expect(await numberOn(page)).toBe(number);
  await banner(page).waitFor({ state: 'hidden' });
  await headed(page, 'en', 'place.lineTitle');
});

test.concurrent('a fault of ours is called one, and goes when it is over', async () => {
  const { context, page } = await tab();
  await joinBehind(page, stage, 'en', 3, { admitPerMinute: 0, abandonSeconds: 6 });
  const number = await numberOn(page);
  await page.route('**/place', (route) => route.fulfill({ status: 503, json: {} }));
  await banner(page).getByText('A fault of ours. Your place is kept').waitFor();
  await page.unroute('**/place');
  await banner(page).waitFor({ state: 'hidden' });
  expect(await numberOn(page)).toBe(number);
  await context.close();
});

test.concurrent('ahead goes down in the title and is told at milestones; the turn is told once, at once', async () => {
  const { context, page } = await tab();
  const fields = { name: 'Told', admitPerMinute: 0, abandonSeconds: 9 };
  const saleId = await stage.rooms.open(fields);
  const client = edgeClient(stage.edge.url);
  const others: string[] = [];
  for (let i = 0; i < 8; i += 1) others.push((await client.join(saleId)).ticket);
  await page.goto(`${stage.edge.url}/sales/${saleId}`);
  await page.getByRole('button', { name: 'Join the line' }).click();
  await titled(page, '8 ahead');
  await page.evaluate(`globalThis.heard = [];
    for (const id of ['live', 'now']) new MutationObserver(() => {
      const text = document.getElementById(id).textContent;
      if (text) globalThis.heard.push(id + ': ' + text);
    }).observe(document.getElementById(id), { childList: true });`);
  for (const ticket of others.splice(0, 3)) await client.leave(saleId, ticket);
  await titled(page, '5 ahead');
  for (const ticket of others.splice(0, 2)) await client.leave(saleId, ticket);
  await titled(page, '3 ahead');
  const icon = await page.locator('link[rel="icon"]').getAttribute('href');
  expect(decodeURIComponent(icon ?? '')).toContain('>3</text>');
  await stage.rooms.open({ ...fields, admitPerMinute: 6_000 }, saleId);
  await headed(page, 'en', 'place.turnTitle');
  await titled(page, 'Your turn!');
  const heard = await page.evaluate<string[]>('globalThis.heard');
  expect(heard.filter((text) => text.startsWith('now'))).toEqual([
    'now: It is your turn. Go to the checkout.',
  ]);
  expect(heard).toContain('live: 3 people are ahead of you now.');
  expect(heard.join()).not.toContain('5 people');
  await context.close();
});

/** Asks at once, as after a loss of the network; resolves when the answer has come. */
async function askNow(page: Page): Promise<void> {
  const asked = page.waitForResponse((response) => response.url().includes('/api/sales/'));
  await page.evaluate("dispatchEvent(new Event('online'))");
  await asked;
}

test.concurrent('a page that was opened before lets one join as soon as the lobby opens', async () => {
  const { context, page } = await tab();
  const opensAt = Date.now() + 15_000;
  const saleId = await stage.rooms.open({ startsAt: opensAt + 60_000, lobbySeconds: 60 });
  await page.goto(`${stage.edge.url}/sales/${saleId}`);
  const join = page.getByRole('button', { name: 'Join' });
  // Shortly before, so that the page would ask again only when it has been open for some time.
  await waitFor('the last seconds', 20, async () => Date.now() > opensAt - 5_000);
  await askNow(page);
  expect(await join.count()).toBe(0);
  await join.waitFor({ timeout: 9_000 });
  await context.close();
});

test('ten tabs poll like one, and show the same', async () => {
  const { context, page } = await tab();
  const saleId = await joinBehind(page, stage, 'en', 4, { admitPerMinute: 0, abandonSeconds: 9 });
  const pages = [page];
  for (let i = 1; i < 10; i += 1) {
    const next = await context.newPage();
    await next.goto(page.url());
    pages.push(next);
  }
  const polls = pollsOf(context);
  await holdsFor(10, async () => undefined);
  // One asks every two or three seconds; some are late by a moment, and ask while nobody does.
  expect(polls.length).toBeGreaterThan(1);
  expect(polls.length).toBeLessThanOrEqual(10);
  await othersJoin(stage, saleId, 3);
  await waitFor('all ten showing who came', 30, async () => {
    const shown = pages.map((it) => it.locator('[data-field="behind"]').textContent());
    return (await Promise.all(shown)).every((text) => text === '3');
  });
  await context.close();
});

test('of a sale that is over nobody asks, until the page is looked at again', async () => {
  const { context, page } = await tab();
  const saleId = await stage.rooms.open({ phase: 'closed' });
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith(`/api/sales/${saleId}`)) asked.push(request.url());
  });
  await page.clock.install();
  await page.goto(`${stage.edge.url}/sales/${saleId}`);
  await askNow(page);
  const before = asked.length;
  await page.clock.fastForward('20:00');
  await page.clock.fastForward('20:00');
  expect(asked).toHaveLength(before);
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await waitFor('its asking again', 5, async () => asked.length > before);
  await context.close();
});
