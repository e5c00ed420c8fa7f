import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button, openConsole, outcome } from './console/admin.ts';
import { openBrowser } from './support/browser.ts';
import { buy } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { isSignedBy, webhookReceiver } from './support/webhook-receiver.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

/** A shop's server whose address holds a secret of its own. */
async function shopServer() {
  const shop = await webhookReceiver();
  const answers = { status: 200 };
  shop.answer = (response) => {
    const { status } = answers;
    response.writeHead(status).end(status === 200 ? 'thank you' : 'not today');
  };
  return { ...shop, answers, url: `${shop.url}?key=1` };
}

const row = (page: Page, type: string) => page.locator('tbody tr', { hasText: type }).first();

async function rowsSecret(page: Page): Promise<string> {
  const secret = await page.locator('.secret').textContent();
  expect(secret).toMatch(/^whsec_/);
  return secret ?? '';
}

test.each([{ size: 'wide' }, { size: 'narrow' }] as const)(
  'an admin adds a webhook, tests it, sees what it was told, and sends it again ($size)',
  async ({ size }) => {
    const shop = await shopServer();
    const { controlUrl, adminKey: key } = stack.info();
    const admin = await openConsole(browser, { controlUrl, key, size });
    const { page, faults, strangers, looksRight, visit } = admin;
    await visit('/webhooks');
    await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
    await page.getByLabel('Address').fill('http://shop.example/');
    await button(page, 'Add it').click();
    await page.locator('.hint', { hasText: 'must be an https URL' }).waitFor();
    // The browser tells of the refusal as well.
    await expect.poll(() => faults.splice(0)).toMatchObject([expect.stringContaining('400')]);
    await page.getByLabel('Address').fill(shop.url);
    await page.getByLabel('For what').fill(`the ${size} shop`);
    await page.getByLabel('All, those too').uncheck();
    for (const type of ['order.placed', 'sale.opened']) await page.getByLabel(type).uncheck();
    await looksRight('webhooks, adding one');
    await button(page, 'Add it').click();
    const secret = await rowsSecret(page);
    await looksRight('webhooks, with a secret');
    await page.getByRole('link', { name: shop.url }).first().click();

    shop.answers.status = 500;
    await button(page, 'Send a test').click();
    await row(page, 'webhook.test')
      .getByText(/\d, last: HTTP 500/)
      .click();
    await page.getByText('not today').waitFor();
    await row(page, 'webhook.test').getByText('Pending').waitFor();
    await looksRight('webhook, with an attempt that failed');
    shop.answers.status = 200;
    // By itself, after five seconds, or by hand, whichever comes first.
    await row(page, 'webhook.test').getByRole('button', { name: 'Send again' }).click();
    await outcome(page, 'It is sent again.').waitFor();
    await row(page, 'webhook.test').getByText('Delivered').waitFor();
    expect(new Set(shop.all.map(({ id }) => id)).size).toBe(1);

    const { saleId, productId } = await openSale(stack.control, stack.edge, { units: 3 });
    const { order } = await buy(stack.checkout, {
      token: await newToken(stack.edge, saleId),
      productId,
    });
    await row(page, 'order.paid').getByText('Delivered').waitFor();
    const mine = shop.all.filter(({ body }) => body.includes(order.id));
    expect(mine.map(({ event }) => event.type)).toEqual(['order.paid']);
    expect(shop.all.every((received) => isSignedBy(secret, received))).toBe(true);

    await page.getByLabel('State').selectOption('failed');
    await page.getByText('Nothing of the last 30 days').waitFor();
    await page.getByLabel('State').selectOption('');
    await button(page, 'Make a new secret').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
    const next = await rowsSecret(page);
    await button(page, 'Send a test').click();
    await expect.poll(() => shop.all.at(-1)?.body).toContain('webhook.test');
    const last = shop.all.at(-1);
    expect(last && [secret, next].map((one) => isSignedBy(one, last))).toEqual([true, true]);
    await button(page, 'Switch it off').click();
    await page.locator('.sale-line').getByText('Off', { exact: true }).waitFor();
    await looksRight('webhook, switched off');
    await button(page, 'Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await outcome(page, /is deleted/).waitFor();
    expect({ faults, strangers }).toEqual({ faults: [], strangers: [] });
    await admin.close();
  },
);

test('a viewer reads what shops are told, without what is secret, and changes nothing', async () => {
  const shop = await shopServer();
  const { controlUrl } = stack.info();
  const made = await stack.control.raw('/v1/webhooks', {
    method: 'POST',
    json: { url: shop.url, eventTypes: ['sale.closed'] },
  });
  const { id } = JSON.parse(made.text);
  const key = await stack.control.createApiKey('reads webhooks', 'viewer');
  const admin = await openConsole(browser, { controlUrl, key, size: 'wide' });
  const { page, faults, looksRight, visit } = admin;
  await visit(`/webhooks/${id}`);
  const shown = shop.url.replace('?key=1', '');
  await page.getByRole('heading', { name: shown, exact: true, level: 1 }).waitFor();
  await page.getByText('Nothing of the last 30 days').waitFor();
  for (const name of ['Send a test', 'Switch it off', 'Make a new secret', 'Delete', 'Save']) {
    expect([name, await button(page, name).count()]).toEqual([name, 0]);
  }
  await looksRight('webhook, of a viewer');
  expect(faults).toEqual([]);
  await stack.control.raw(`/v1/webhooks/${id}`, { method: 'DELETE' });
  await admin.close();
});
