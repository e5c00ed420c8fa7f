import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Admin,
  button,
  figure,
  openConsole,
  outcome,
  saved,
  signIn,
} from './console/admin.ts';
import { openBrowser } from './support/browser.ts';
import { buy } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

async function open(key = stack.info().adminKey): Promise<Admin> {
  return await openConsole(browser, { controlUrl: stack.info().controlUrl, key, size: 'wide' });
}

/** Somebody else is faster: their change comes just before the next one that this page sends. */
async function overtake(page: Page, path: string, theirs: () => Promise<unknown>): Promise<void> {
  await page.route(
    (url) => url.pathname.endsWith(path),
    async (route) => {
      await theirs();
      await route.continue();
    },
    { times: 1 },
  );
}

test('what somebody else changed meanwhile is shown, and asked about, before it is overwritten', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  const admin = await open();
  const { page } = admin;
  await admin.visit(`/sales/${saleId}`);
  const dialog = page.getByRole('dialog', { name: /changed .*meanwhile/ });
  await page.getByLabel('Active at most').fill('77');
  await overtake(page, '/room', () => control.setRoom(saleId, { admitPerMinute: 4_321 }));
  await button(page, 'Set').last().click();
  await dialog.getByText('rate 4,321').waitFor();
  await admin.looksRight('a conflict');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await outcome(page, /active at most 77/).waitFor();
  const { settings } = await control.figures(saleId);
  expect(settings).toMatchObject({ admitPerMinute: 4_321, maxActive: 77 });

  await overtake(page, '/pause', () => control.setRoom(saleId, { message: 'Wait' }));
  await button(page, 'Pause').click();
  await dialog.getByText('message “Wait”').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect((await control.figures(saleId)).state).toBe('open');
  await admin.close();
});

test('so is what they changed of a product', async () => {
  const { control } = stack;
  const price = { priceMinor: 1_000, currency: 'EUR' };
  const id = await control.createProduct({ name: 'Contended cup', stock: 3, ...price });
  const admin = await open();
  const { page } = admin;
  await admin.visit('/products');
  await page.getByRole('button', { name: 'Change Contended cup' }).click();
  await control.addStock(id, 4);
  await page.getByLabel('Price').fill('12.50');
  await button(page, 'Save').click();
  const dialog = page.getByRole('dialog', { name: /changed this product meanwhile/ });
  await dialog.getByText('units 7').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await page.getByLabel('Price').inputValue()).toBe('12.50');
  await button(page, 'Save').click();
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await outcome(page, /Contended cup is saved/).waitFor();

  // Units are added, and the rest is refused: sent again, neither is added twice nor a stranger's.
  await page.getByRole('button', { name: 'Change Contended cup' }).click();
  await page.getByLabel('Units to add').fill('5');
  await page.getByLabel('Image').fill('no address');
  await button(page, 'Save').click();
  await page.getByText('There are 12 units.').waitFor();
  await page.getByLabel('Image').fill('');
  await button(page, 'Save').click();
  await page.getByLabel('Units to add').waitFor({ state: 'detached' });
  const { text } = await control.raw(`/v1/products/${id}`);
  expect(JSON.parse(text)).toMatchObject({ priceMinor: 1_250, stock: 12 });
  await admin.close();
});

test('what one does quickly, one after the other, is no change of somebody else', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  const admin = await open();
  const { page, faults } = admin;
  await admin.visit(`/sales/${saleId}`);
  await page.getByLabel('Message to everybody in line').fill('Soon');
  // Of one moment: none of them waits for what became of the one before.
  await page.evaluate(`for (const name of ['Pause', 'Send', 'Half']) {
    [...document.querySelectorAll('main button')].find((it) => it.textContent === name).click();
  }`);
  await outcome(page, /rate 300,000/).waitFor();
  const { settings, state } = await control.figures(saleId);
  expect({ ...settings, state }).toMatchObject({
    state: 'paused',
    message: 'Soon',
    admitPerMinute: 300_000,
  });
  expect(faults).toEqual([]);
  await admin.close();
});

test('a viewer is shown all of it, and nothing to change it by', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  const admin = await open(await control.createApiKey('looks', 'viewer'));
  const { page, faults } = admin;
  await admin.visit(`/sales/${saleId}`);
  await page.getByText('In line').first().waitFor();
  for (const name of ['Pause', 'Close', 'Set', 'Send']) {
    expect(await button(page, name).count()).toBe(0);
  }
  for (const name of ['Bans', 'Keys', 'Jobs', 'Passes and places']) {
    expect(await page.getByRole('link', { name, exact: true }).count()).toBe(0);
  }
  await admin.looksRight('control room, of a viewer');
  expect(faults).toEqual([]);
  await admin.close();
});

test('whose key is revoked is asked to sign in, and goes on where they were', async () => {
  const { control, edge } = stack;
  const { saleId, name } = await openSale(control, edge, { units: 3 });
  const made = await control.raw('/v1/api-keys', {
    method: 'POST',
    json: { name: 'short', role: 'operator' },
  });
  const { id, key } = JSON.parse(made.text);
  const admin = await open(key);
  const { page } = admin;
  await admin.visit(`/sales/${saleId}`);
  await page.getByText('In line').first().waitFor();
  await control.raw(`/v1/api-keys/${id}`, { method: 'DELETE' });
  await page.getByLabel('API key').waitFor();
  await signIn(page, stack.info().adminKey);
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  expect(page.url()).toContain(saleId);
  await admin.close();
});

test('a lost stream says so, and goes on by itself', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3, room: { admitPerMinute: 0 } });
  const admin = await open();
  const { page } = admin;
  await admin.visit(`/sales/${saleId}`);
  await page.getByText('In line').first().waitFor();
  const lost = page.getByText('The live figures are not there right now');
  stack.kill('queue-service');
  await lost.waitFor();
  await stack.whole();
  await lost.waitFor({ state: 'detached' });
  await edge.join(saleId);
  await expect.poll(() => figure(page, 'In line'), { timeout: 10_000 }).toBe(1);
  await admin.close();
});

test('files go out and come in: passes, and products, whose mistakes are told by line', async () => {
  const { control, edge } = stack;
  const { saleId, name } = await openSale(control, edge, { units: 3 });
  const admin = await open();
  const { page } = admin;
  await admin.visit(`/sales/${saleId}/places`);
  await page.getByLabel('How many').fill('12');
  await button(page, 'Make passes').click();
  const passes = page.waitForEvent('download');
  await button(page, 'Download 12 passes as CSV').click();
  const lines = (await saved(await passes)).trim().split('\r\n');
  expect(lines).toHaveLength(13);
  expect(lines[1]).toContain(`/sales/${saleId}#pass=`);

  await admin.visit('/products');
  const exported = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download', exact: true }).click();
  const csv = await saved(await exported);
  expect(csv).toContain(name);
  const [header = ''] = csv.split(/\r?\n/);
  const bring = async (rows: string[]) =>
    await page.getByLabel(/Bring a file/).setInputFiles({
      name: 'products.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from([header, ...rows].join('\n')),
    });
  const row = (values: Record<string, string>) =>
    header
      .split(',')
      .map((column) => values[column] ?? '')
      .join(',');
  const good = { name: `${name} seated`, priceMinor: '4500', currency: 'EUR', stock: '7' };
  await bring([row(good), row({ ...good, currency: 'nothing' })]);
  await outcome(page, /line 3/).waitFor();
  await bring([row(good)]);
  await outcome(page, /1 made, 0 changed, 7 units added/).waitFor();
  await page.getByRole('cell', { name: `${name} seated`, exact: true }).waitFor();
  await admin.close();
});

test('an order is found by its number, and refunded after a question', async () => {
  const { control, edge, checkout } = stack;
  const { saleId, productId } = await openSale(control, edge, { units: 3, priceMinor: 1_999 });
  const { order } = await buy(checkout, { token: await newToken(edge, saleId), productId });
  await buy(checkout, { token: await newToken(edge, saleId), productId });
  const admin = await open();
  const { page, faults } = admin;
  await admin.visit(`/sales/${saleId}/orders`);
  await page.getByLabel('Find').fill('1');
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
  await button(page, `Refund ${order.id}`).click();
  const dialog = page.getByRole('dialog', { name: `Refund ${order.id}` });
  await dialog.getByText('€19.99').waitFor();
  await dialog.getByRole('button', { name: 'Refund', exact: true }).click();
  await outcome(page, /on their way back/).waitFor();
  await page.getByRole('cell', { name: 'Refunded', exact: true }).waitFor();
  expect(faults).toEqual([]);
  await admin.close();
});
