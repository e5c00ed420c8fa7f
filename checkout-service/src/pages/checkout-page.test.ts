import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { axeFindings, pixelsTooWide } from '../../../e2e/support/axe.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { makePageRig, type PageRig, type ShopperWish } from '../testing/page-rig.ts';

// A browser on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let pages: PageRig;
beforeAll(async () => {
  pages = await makePageRig({ databaseUrl: await freshDatabaseUrl(afterAll) });
});
afterAll(() => pages?.close());

const address = () => `${pages.origin}/checkout?sale=${pages.rig.saleId}`;

/** The page with a token, as the sale's page brings it: in the fragment. */
async function arrive(wish: ShopperWish = {}, claims: { max?: number; exp?: number } = {}) {
  const shopper = await pages.shopper(wish);
  const token = await pages.rig.token({ max: 4, ...claims });
  await shopper.page.goto(`${address()}#token=${token}`);
  await shopper.page.locator('#token-expiry').waitFor();
  return { ...shopper, token };
}

const focusedId = 'document.activeElement.id';
const focusedText = 'document.activeElement.textContent';
const reserve = (page: Page) => page.getByRole('button', { name: 'Reserve now' });
const bought = (page: Page) => page.waitForURL(/\/checkout\/orders\/ord_/);

/** As the sale's page makes the browser's key, and keeps it. Returns its thumbprint (RFC 7638). */
const makeKey = `(async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const opening = indexedDB.open('fairgate', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
  await new Promise((resolve) => { opening.onsuccess = resolve; });
  const adding = opening.result.transaction('keys', 'readwrite').objectStore('keys').add(pair, 'proof');
  await new Promise((resolve) => { adding.onsuccess = resolve; });
  opening.result.close();
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const text = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return btoa(String.fromCharCode(...hash)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
})()`;

describe('the token', () => {
  test('is gone from the address bar at once, and not for a reload of this tab', async () => {
    const { page, context, faults } = await arrive();
    expect(page.url()).toBe(address());
    await page.reload();
    expect(page.url()).toBe(address());
    expect(await reserve(page).isEnabled()).toBe(true);
    // Another tab was not given it.
    const other = await context.newPage();
    await other.goto(address());
    await other.getByText('This page needs the purchase token').waitFor();
    expect(await reserve(other).isEnabled()).toBe(false);
    await reserve(page).click();
    await bought(page);
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(faults).toEqual([]);
  });

  test('comes by a form too, and the page can be loaded again without sending it', async () => {
    const { page, faults } = await pages.shopper();
    await page.goto(address());
    const token = await pages.rig.token();
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<form id="buy" method="post" action="${address()}"><input name="token" value="${token}"></form>'); document.getElementById('buy').submit()`,
    );
    await page.locator('#token-expiry').waitFor();
    expect(page.url()).toBe(address());
    const again = page.waitForRequest((request) => request.url() === address());
    await page.reload();
    expect((await again).method()).toBe('GET');
    await reserve(page).click();
    await bought(page);
    expect(faults).toEqual([]);
  });
});

describe('a fault', () => {
  test('costs nothing: the same key, the same choice, and the token are there for the next try, after a reload too', async () => {
    const { page } = await arrive();
    const keys: (string | undefined)[] = [];
    let isAway = true;
    await page.route('**/v1/redemptions', async (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      if (isAway) await route.abort('connectionreset');
      else await route.continue();
    });
    await page.getByLabel('Thing 2').check();
    await page.getByLabel('How many').fill('3');
    await page.getByLabel('E-mail').fill('a@b.example');
    await reserve(page).click();
    const mistake = page.getByRole('alert').filter({ hasText: 'Nothing is lost' });
    await mistake.waitFor();
    expect(await page.evaluate(focusedId)).toBe('mistake');
    await page.reload();
    expect(await page.getByLabel('Thing 2').isChecked()).toBe(true);
    expect(await page.getByLabel('How many').inputValue()).toBe('3');
    expect(await page.getByLabel('E-mail').inputValue()).toBe('a@b.example');
    expect(await page.locator('#total').textContent()).toBe('€30.03');
    isAway = false;
    await reserve(page).click();
    await bought(page);
    expect(keys.length).toBeGreaterThan(2);
    expect(new Set(keys).size).toBe(1);
  });

  test('that lets the connection stall is one that lost it: the same is asked again after ten seconds', async () => {
    const { page } = await arrive();
    const keys: (string | undefined)[] = [];
    await page.clock.install();
    await page.route('**/v1/redemptions', async (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      if (keys.length > 1) await route.continue();
    });
    await reserve(page).click();
    await expect.poll(() => keys.length).toBe(1);
    await page.clock.runFor(9_000);
    expect(keys).toHaveLength(1);
    await page.clock.runFor(2_000);
    await bought(page);
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
  });

  test('that takes the answer and the tab with it leaves the order within reach of the browser that holds the key', async () => {
    const { page, context } = await pages.shopper();
    await page.goto(address());
    const jkt = await page.evaluate<string>(makeKey);
    const token = await pages.rig.token({ cnf: { jkt } });
    await context.route('**/v1/redemptions', async (route) => {
      expect((await route.fetch()).status()).toBe(201);
      await route.abort('connectionreset');
    });
    await page.goto(`${address()}#token=${token}`);
    await page.reload();
    await reserve(page).click();
    await page.getByRole('alert').filter({ hasText: 'Nothing is lost' }).waitFor();
    await page.close();
    await context.unroute('**/v1/redemptions');
    // The sale gives the same token again, to whoever asks with the same key.
    const other = await context.newPage();
    await other.goto(`${address()}#token=${token}`);
    await reserve(other).click();
    await bought(other);
    await other.getByRole('heading', { name: 'Reserved for you' }).waitFor();
  });

  test('of the connection is said while it lasts', async () => {
    const { page, context } = await arrive();
    await context.setOffline(true);
    await page.locator('#connection').filter({ hasText: 'no connection' }).waitFor();
    await context.setOffline(false);
    await page.locator('#said').filter({ hasText: 'The connection is back' }).waitFor();
    expect(await page.locator('#connection').textContent()).toBe('');
  });
});

describe('the time to reserve', () => {
  test('is counted down by the server’s clock, and told at a minute, half of one and ten seconds', async () => {
    const { page } = await pages.shopper();
    await page.clock.install({ time: Date.now() + 3 * 3_600_000 });
    const token = await pages.rig.token({ exp: Math.floor(Date.now() / 1_000) + 75 });
    await page.goto(`${address()}#token=${token}`);
    const soon = page.locator('#soon');
    expect(await soon.textContent()).toBe('');
    const shown = page.locator('#token-expiry');
    expect(await shown.textContent()).toMatch(/^1:(0\d|1[0-5])$/);
    const told: (string | null)[] = [];
    for (const seconds of [20, 30, 22]) {
      await page.clock.runFor(seconds * 1_000);
      told.push(await soon.textContent());
    }
    expect(told).toEqual([
      expect.stringMatching(/^Only (1 minute|5\d seconds) left/),
      expect.stringMatching(/^Only (30|2\d) seconds left/),
      expect.stringMatching(/^Only (10|\d) seconds left/),
    ]);
    await page.clock.runFor(10_000);
    await page.getByRole('alert').filter({ hasText: 'The time to reserve is over' }).waitFor();
    expect(await shown.isVisible()).toBe(false);
  });
});

describe('a mistake', () => {
  test('is told with what to do, at the top and at its field, with the focus there', async () => {
    const { page } = await arrive({}, { max: 2 });
    // A browser that checks nothing itself.
    await page.evaluate(`document.getElementById('quantity').removeAttribute('max')`);
    await page.getByLabel('How many').fill('9');
    await reserve(page).click();
    const link = page.getByRole('link', {
      name: 'You may buy 2 units in all. Please choose fewer.',
    });
    await link.waitFor();
    expect(await page.getByLabel('How many').getAttribute('aria-invalid')).toBe('true');
    expect(await axeFindings(page)).toEqual([]);
    await link.click();
    await expect.poll(() => page.evaluate(focusedId)).toBe('quantity');
    expect(page.url()).toBe(address());
    await page.getByLabel('How many').fill('2');
    await reserve(page).click();
    await bought(page);
  });
});

describe('everybody', () => {
  test('can buy by keyboard alone', async () => {
    const { page, faults } = await arrive();
    for (let at = 0; at < 20; at += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(focusedText)) === 'Reserve now') break;
    }
    await page.keyboard.press('Enter');
    await bought(page);
    expect(faults).toEqual([]);
  });

  test.each(['en-GB', 'ar', 'de-DE', 'ja-JP'])(
    'finds a page that axe has nothing against, and that fits 320 pixels and 400 % zoom: %s',
    async (locale) => {
      const viewport = { width: 320, height: 256 };
      for (const claims of [{ max: 4 }, { max: 1 }]) {
        const { page, faults, context } = await arrive({ locale, viewport }, claims);
        expect(await axeFindings(page)).toEqual([]);
        expect(await pixelsTooWide(page)).toBeLessThanOrEqual(0);
        expect(faults).toEqual([]);
        await context.close();
      }
      const { page, context } = await pages.shopper({ locale, viewport });
      await page.goto(address());
      expect(await axeFindings(page)).toEqual([]);
      expect(await pixelsTooWide(page)).toBeLessThanOrEqual(0);
      await context.close();
    },
  );
});
