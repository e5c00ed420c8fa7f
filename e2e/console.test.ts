import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Admin,
  badge,
  button,
  figure,
  openConsole,
  openTabOfSale,
  outcome,
  saved,
  type WindowName,
} from './console/admin.ts';
import { makeSale } from './console/wizard.ts';
import { runCrowd } from './crowd/crowd.ts';
import { openBrowser } from './support/browser.ts';
import { openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

const units = 24;
const shoppers = 60;

async function open(size: WindowName, key = stack.info().adminKey): Promise<Admin> {
  return await openConsole(browser, { controlUrl: stack.info().controlUrl, key, size });
}

/** The pictures of all plots of the screen, as they are painted now. */
async function paintings(page: Page): Promise<string[]> {
  return await page.evaluate(
    '[...document.querySelectorAll("canvas")].map((it) => it.toDataURL())',
  );
}

/** Paused, slowed and told of, and let go on: shoppers see each of it within two seconds. */
async function steer({ page, looksRight }: Admin, saleId: string): Promise<void> {
  const { edge } = stack;
  const seen = async (what: Record<string, unknown>) =>
    await waitFor(`shoppers seeing ${JSON.stringify(what)}`, 3, async () => {
      const sale = await edge.sale(saleId);
      return Object.entries(what).every(([name, value]) => Reflect.get(sale, name) === value);
    });
  await button(page, 'Pause').click();
  await badge(page, 'Paused').waitFor();
  await seen({ state: 'paused' });
  await looksRight('control room, paused');

  await page.getByLabel('People let in a minute').fill('600');
  await button(page, 'Set').first().click();
  await outcome(page, /rate 600/).waitFor();
  await seen({ admitPerMinute: 600 });
  await page
    .locator('.toast', { hasText: 'rate 600' })
    .getByRole('button', { name: 'Undo' })
    .click();
  await outcome(page, /rate 120/).waitFor();
  await seen({ admitPerMinute: 120 });
  await page.getByLabel('People let in a minute').fill('900');
  await button(page, 'Set').first().click();
  await seen({ admitPerMinute: 900 });

  await page.getByLabel('Message to everybody in line').fill('We go on in a minute.');
  await button(page, 'Send').click();
  await seen({ message: 'We go on in a minute.' });
  await button(page, 'Resume').click();
  await badge(page, 'Open').waitFor();
  await seen({ state: 'open' });
  // What was done stands in the list below the plots, with who did it.
  const timeline = page.locator('.timeline');
  for (const done of [/Sale paused/, /rate 900/, /message “We go on/, /Sale resumed/]) {
    await timeline.getByText(done).first().waitFor();
  }
}

async function closeSale({ page, looksRight }: Admin, name: string): Promise<void> {
  await button(page, 'Close').click();
  const dialog = page.getByRole('dialog', { name: `Close: ${name}` });
  await dialog.waitFor();
  await looksRight('control room, closing');
  const yes = dialog.getByRole('button', { name: 'Close', exact: true });
  await dialog.getByRole('textbox').fill('another sale');
  expect(await yes.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill(name);
  await yes.click();
  await badge(page, 'Closed').waitFor();
}

/** Figures, fairness, and the files to keep. */
async function readSummary({ page, looksRight }: Admin, name: string): Promise<void> {
  await openTabOfSale(page, 'Summary');
  await page.getByText('each in their turn').waitFor();
  await page.getByText('Redis and Postgres agree.').waitFor();
  expect(await figure(page, 'Sold')).toBe(units);
  await looksRight('summary');
  const csv = page.waitForEvent('download');
  await button(page, 'Download CSV').click();
  const text = await saved(await csv);
  expect(text).toContain(`${name}, standing`);
  const proof = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the proof' }).click();
  expect(JSON.parse(await saved(await proof)).report.inversions).toBe(0);
}

test.each([{ size: 'wide' }, { size: 'narrow' }] as const)(
  'an admin makes a sale, opens it, steers it, closes it and reads what came of it ($size)',
  async ({ size }) => {
    const { control } = stack;
    const admin = await open(size);
    const { page, faults, strangers, looksRight } = admin;
    await page.getByRole('heading', { name: 'Sales', level: 1 }).waitFor();
    await looksRight('sales');
    const name = `Console ${size} ${process.pid}`;
    const saleId = await makeSale(admin, { name, units });
    await looksRight('control room, scheduled');
    await button(page, 'Open now').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Open now' }).click();
    await badge(page, 'Open').waitFor();

    const before = await paintings(page);
    expect(before.length).toBeGreaterThanOrEqual(3);
    const options = { shoppers, units, sale: saleId, seed: 7, 'arrival-seconds': 3 };
    const shares = { leave: 0, 'never-pay': 0, decline: 0.05, absent: 0 };
    const limits = { stack: '', concurrency: 16, 'max-seconds': 100 };
    const crowd = runCrowd(
      { ...options, ...shares, ...limits },
      { edgeUrl: stack.info().edgeUrl, control, say: () => {} },
    );
    await expect.poll(() => figure(page, 'In line'), { timeout: 20_000 }).toBeGreaterThan(0);
    await expect
      .poll(async () => (await paintings(page)).filter((it, i) => it !== before[i]).length)
      .toBe(before.length);
    await looksRight('control room, with a crowd');
    await steer(admin, saleId);
    await expect.poll(() => figure(page, 'Sold'), { timeout: 60_000 }).toBe(units);
    expect((await crowd).summary.products).toMatchObject([{ sold: units, free: 0 }]);
    await closeSale(admin, name);
    await waitFor('the log being audited', 20, async () => {
      const { text } = await control.raw(`/v1/sales/${saleId}/fairness`);
      const { auditedSeq, logSeq, admitted } = JSON.parse(text);
      return admitted >= units && auditedSeq === logSeq;
    });
    await readSummary(admin, name);
    expect({ faults, strangers }).toEqual({ faults: [], strangers: [] });
    await admin.close();
  },
);

test.each([{ size: 'wide' }, { size: 'narrow' }] as const)(
  'every other screen is for everybody, and asks nobody else for anything ($size)',
  async ({ size }) => {
    const { control, edge } = stack;
    const { saleId, name } = await openSale(control, edge, { units: 3 });
    await control.raw('/v1/bans', {
      method: 'POST',
      json: { kind: 'ip', value: '203.0.113.7', reason: 'a test' },
    });
    const admin = await open(size);
    const { page, faults, strangers, looksRight, visit } = admin;
    for (const part of ['', '/settings', '/look', '/orders', '/places', '/summary']) {
      await visit(`/sales/${saleId}${part}`);
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      await looksRight(`sale${part}`);
    }
    for (const [path, heading] of [
      ['/products', 'Products'],
      ['/orders', 'Orders'],
      ['/webhooks', 'Webhooks'],
      ['/bans', 'Bans'],
      ['/keys', 'Keys'],
      ['/audit', 'Audit log'],
      ['/nowhere', 'There is nothing here'],
    ] as const) {
      await visit(path);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      await looksRight(path);
    }
    // The dark look has colours of its own.
    await page.emulateMedia({ colorScheme: 'dark' });
    await visit(`/sales/${saleId}`);
    await page.getByText('In line').first().waitFor();
    await looksRight('control room, dark');
    expect({ faults, strangers }).toEqual({ faults: [], strangers: [] });
    await admin.close();
  },
);
