import { asksKey } from '@fairgate/shared/room/keys.ts';
import { testKey } from '@fairgate/shared/room/lottery-fixture.ts';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openStage, type Stage } from './support/sale-stage.ts';
import { headed, joinBehind, othersJoin } from './support/sale-states.ts';
import { waitFor } from './support/wait.ts';

// How the sale page tells somebody who looks elsewhere: only by what they asked for, and once.

let stage: Stage;
let browser: Browser;
let close: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ stage, browser, close } = await openStage());
}, 120_000);
afterAll(async () => close?.());

/** Writes down what the page asks of the browser, which then does it. */
const noting = `globalThis.asked = [];
const lock = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = (kind) => lock(kind).then(
  (held) => (asked.push('awake'), held),
  (error) => { asked.push('not awake: ' + error.name); throw error; },
);
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { asked.push('tone'); start.apply(this, at); };
const Shown = Notification;
globalThis.Notification = class extends Shown {
  // Headless Chromium denies it whatever was granted.
  static get permission() { return 'granted'; }
  constructor(title, options) { super(title, options); asked.push('notification: ' + options.body); }
};`;
const asked = (page: Page) => page.evaluate<string[]>('asked');
const fields = { name: 'Told', admitPerMinute: 0, abandonSeconds: 9 };
/** How to be told, as a browser asked for it. */
function wishesOf(context: BrowserContext): string[] {
  const wishes: string[] = [];
  context.on('request', (request) => {
    if (request.url().endsWith('/place/notices')) wishes.push(request.postData() ?? '');
  });
  return wishes;
}

/** Such wishes wait until the returned function is called. */
async function heldWishes(context: BrowserContext): Promise<() => void> {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await context.route('**/place/notices', async (route) => {
    await held;
    await route.continue();
  });
  return letGo;
}

const box = (page: Page, name: string) => page.locator(`[data-tell="${name}"] input`);

test('sound, screen and notification are each asked for, kept, and used when it is time', async () => {
  const context = await browser.newContext({ locale: 'en-GB', permissions: ['notifications'] });
  context.setDefaultTimeout(20_000);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(noting);
  const saleId = await joinBehind(page, stage, 'en', 0, fields);
  await page.getByText('Tell me when it is time').click();
  for (const name of ['sound', 'notify', 'awake']) {
    expect(await box(page, name).isChecked(), name).toBe(false);
    await box(page, name).check();
  }
  // This edge has no key for push, so it offers none.
  expect(await page.locator('[data-tell="push"]').isHidden()).toBe(true);
  await waitFor('the first sound, and the lock', 5, async () => {
    const seen = await asked(page);
    return seen.includes('tone') && seen.some((it) => it.includes('awake'));
  });
  await page.getByLabel('E-mail').fill('told@example.org');
  await page.getByRole('button', { name: 'Write to me' }).click();
  await page.getByText('Saved.').waitFor();
  // As of a place that was lost, and of which two tabs learn at once.
  await page.evaluate((key) => localStorage.setItem(key, '7'), `fairgate-mail-${saleId}`);
  const second = await context.newPage();
  const wishes = wishesOf(context);
  const letGo = await heldWishes(context);
  await Promise.all([page.reload(), second.goto(page.url())]);
  for (const it of [page, second])
    await it.locator('form[data-form="email"]:not([hidden])').waitFor({ state: 'attached' });
  letGo();
  await waitFor('the wish of the new place', 5, async () => {
    const asks = await stage.rooms.redis.xrange(asksKey(saleId), '-', '+');
    return asks.length === 2 ? asks : undefined;
  }).then(([mailed, again]) => {
    expect(mailed?.[1][1]).toContain('told@example.org');
    // The browser keeps no address: the wish that is kept is the new place's.
    expect(again?.[1][1]).toContain('"language":"en"');
    expect(again?.[1][1]).not.toContain('email');
  });
  await page.getByText('Tell me when it is time').click();
  expect(await box(page, 'sound').isChecked()).toBe(true);
  await waitFor('the lock again', 5, async () => {
    return (await asked(page)).some((it) => it.includes('awake'));
  });
  // Headless tabs are never hidden by themselves.
  await page.evaluate("Object.defineProperty(document, 'hidden', { value: true })");
  await stage.rooms.open({ ...fields, admitPerMinute: 6_000 }, saleId);
  await headed(page, 'en', 'place.turnTitle');
  const told = await waitFor('all of it', 10, async () => {
    const seen = await asked(page);
    return seen.filter((it) => it === 'tone').length === 3 ? seen : undefined;
  });
  expect(told).toContain('notification: It is your turn. Go to the checkout.');
  expect(wishes).toHaveLength(1);
});

test('a draw changes the number that is shown, and asks for no mail again', async () => {
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(20_000);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const lottery = { ...fields, mode: 'lottery' };
  const info = { mode: 'lottery' } as const;
  const startsAt = Date.now() + 600_000;
  const saleId = await stage.rooms.open({ ...lottery, startsAt }, undefined, info);
  await page.goto(`${stage.edge.url}/sales/${saleId}`);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.locator('[data-field="ahead"]').waitFor();
  await othersJoin(stage, saleId, 1);
  const wishes = wishesOf(context);
  const saved = async (email: string) => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByRole('button', { name: 'Write to me' }).click();
    await page.getByText('Saved.').waitFor();
  };
  await page.getByText('Tell me when it is time').click();
  await saved('first@example.org');
  await stage.rooms.open(lottery, saleId, info);
  await stage.rooms.room.advance(saleId, 0);
  await stage.rooms.room.draw(saleId, { key: testKey, entrants: 2 });
  await page.getByText('Number 1 was drawn to rank 2.').waitFor({ state: 'attached' });
  await saved('second@example.org');
  expect(wishes.map((wish) => JSON.parse(wish).email)).toEqual([
    'first@example.org',
    'second@example.org',
  ]);
});

test('whoever asked for nothing hears nothing, and is asked for nothing', async () => {
  const page = await browser.newPage({ locale: 'en-GB' });
  onTestFinished(() => page.close());
  await page.addInitScript(noting);
  const saleId = await joinBehind(page, stage, 'en', 0, fields);
  await stage.rooms.open({ ...fields, admitPerMinute: 6_000 }, saleId);
  await headed(page, 'en', 'place.turnTitle');
  expect(await asked(page)).toEqual([]);
  expect(
    await page.evaluate('performance.getEntriesByType("resource").map((it) => it.name)'),
  ).not.toContainEqual(expect.stringContaining('/assets/tells.'));
});

test('a browser that allows no notification says so, and the box stays empty', async () => {
  const context = await browser.newContext({ locale: 'en-GB', permissions: [] });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await joinBehind(page, stage, 'en', 0, fields);
  await page.getByText('Tell me when it is time').click();
  await box(page, 'notify').click();
  await page.getByText('This browser does not allow it').waitFor();
  expect(await box(page, 'notify').isChecked()).toBe(false);
});

test('restored from the back-forward cache, the page asks at once and hears its other tabs again', async () => {
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(20_000);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const faults: Error[] = [];
  page.on('pageerror', (fault) => faults.push(fault));
  await joinBehind(page, stage, 'en', 3, { ...fields, abandonSeconds: 60 });
  const number = await page.locator('[data-field="number"]').textContent();
  // The cache itself is off in headless Chromium: these are the events by which it is told.
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
  const polled = page.waitForResponse((response) => response.url().endsWith('/place'));
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  expect((await polled).status()).toBe(200);
  expect(await page.locator('[data-field="number"]').textContent()).toBe(number);
  await page.evaluate(`globalThis.shown = [];
    const behind = document.querySelector('[data-field="behind"]');
    new MutationObserver(() => shown.push(behind.textContent)).observe(behind, { childList: true });
    globalThis.channel = new BroadcastChannel('fairgate-' + room.dataset.sale);
    channel.postMessage({ kind: 'of another deployment' });
    channel.postMessage('of another deployment');
    globalThis.tell = (behind, seconds, ticketHash = null) => channel.postMessage({
      place: { state: 'waiting', number: 4, ahead: 3, behind, etaSeconds: null, pollAfterSeconds: 60,
        lane: 'main', saleState: 'open', message: '',
        outlook: { kind: 'likely', unitsLeft: 9, unitsHeld: 0 } },
      ticketHash, serverTime: new Date(Date.now() + seconds * 1_000).toISOString(),
      clock: { offsetMs: 0, doubtMs: 1e9 } })`);
  await page.evaluate("tell(77, 40); tell(88, 20, 'of-a-newer-ticket'); tell(99, 41)");
  await page.getByText('99', { exact: true }).waitFor();
  // What another tab learned before is no news, but of the figures alone.
  expect(await page.evaluate('shown')).toEqual(['77', '99']);
  expect(await page.evaluate('room.dataset.ticketHash')).toBe('of-a-newer-ticket');
  // Its own answer is believed, also where what was told was by a clock that is ahead.
  await page.evaluate("dispatchEvent(new Event('online'))");
  await page.locator('[data-field="behind"]').getByText('0', { exact: true }).waitFor();
  await page.evaluate('tell(66, 20)');
  await page.getByText('66', { exact: true }).waitFor();
  expect(faults).toEqual([]);
});

test('a place that is revoked is gone in every tab, each with the reason', async () => {
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(20_000);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const lively = { ...fields, abandonSeconds: 6 };
  const saleId = await joinBehind(page, stage, 'en', 0, lively);
  const second = await context.newPage();
  await second.goto(page.url());
  await second.locator('[data-field="ahead"]').waitFor();
  // As a tab of before a deployment, which knows of places alone.
  await second.evaluate(`globalThis.heard = [];
    globalThis.old = new BroadcastChannel('fairgate-' + room.dataset.sale);
    old.onmessage = ({ data }) => heard.push(data)`);
  const revocations = JSON.stringify([{ id: '1', from: 1, to: 1 }]);
  await stage.rooms.open({ ...lively, revocations }, saleId);
  for (const it of [page, second]) {
    await headed(it, 'en', 'sale.joinTitle');
    await it.getByRole('alert').filter({ hasText: 'This place counts no more' }).waitFor();
  }
  const heard = await second.evaluate<object[]>('heard');
  expect(heard.filter((news) => !('place' in news))).toEqual([]);
});
