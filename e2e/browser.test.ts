import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeProof, newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose';
import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';
import { openBrowser, openTab } from './support/browser.ts';
import { cards } from './support/checkout-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { call, mapBounded } from './support/http.ts';
import { mailsTo } from './support/mailbox.ts';
import { expectProblem } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let browser: Browser;
const pictures = join(repositoryFolder, '.local', 'pictures');
beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

test.concurrent.each([
  { script: true, host: '127.0.0.1', name: 'with a script' },
  { script: true, host: 'localhost', name: 'with a script, at localhost' },
  { script: false, host: '127.0.0.1', name: 'without JavaScript' },
])(
  'a shopper goes from the catalogue to the paid order and its mail, $name',
  async ({ script, host }) => {
    const { edge, control } = stack;
    const { mailUrl } = stack.info();
    const edgeUrl = stack.info().edgeUrl.replace('127.0.0.1', host);
    const room = { ...openDoors, admitPerMinute: 0, abandonSeconds: 12 };
    const sale = await openSale(control, edge, { units: 5, priceMinor: 4_500, room });
    await mapBounded([1, 2, 3], 1, () => edge.join(sale.saleId));
    await waitFor('the three standing in line', 3, async () => {
      return (await edge.sale(sale.saleId)).waiting === 3;
    });
    const { page, faults, strangers, close } = await openTab(browser, {
      script,
      origins: [edgeUrl],
    });
    const redemptions: Request[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/redemptions')) redemptions.push(request);
    });
    const kind = `${script ? 'script' : 'plain'}${host === 'localhost' ? '-localhost' : ''}`;
    const picture = (name: string) =>
      page.screenshot({ path: join(pictures, `${kind}-${name}.png`), fullPage: true });

    // The catalogue, the sale, the line.
    await page.goto(edgeUrl);
    await picture('1-catalogue');
    await page.getByRole('link', { name: sale.name }).click();
    await page.getByRole('heading', { name: sale.name, level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Join the line' }).click();
    await page.getByRole('heading', { name: 'You are in line' }).waitFor();
    expect(await page.locator('[data-field="ahead"]').textContent()).toBe('3');
    await picture('2-waiting');
    // A refresh is no new place.
    await page.reload();
    expect(await page.locator('[data-field="ahead"]').textContent()).toBe('3');
    expect((await control.figures(sale.saleId)).joinedTotal).toBe(4);

    // Let in: the open page finds out by itself, by its script or by refreshing itself.
    await control.setRoom(sale.saleId, { admitPerMinute: 60_000 });
    await page.getByRole('heading', { name: 'It is your turn' }).waitFor();
    await picture('3-turn');
    await page.getByRole('button', { name: 'Go to the checkout' }).click();

    // The checkout: the same origin, and no token in the address bar.
    const email = `${kind}-${sale.saleId}@example.com`;
    await page.getByLabel(/e-?mail/i).fill(email);
    expect(new URL(page.url()).origin).toBe(edgeUrl);
    await page.waitForURL((url) => !/token|#./.test(url.href));
    await picture('4-checkout');
    await page.getByRole('button', { name: /reserve|order/i }).click();

    // The order: held, then paid.
    await page.waitForURL(/\/checkout\/orders\/ord_/);
    if (script) await expectBound(page, redemptions);
    if (script) expect(await page.evaluate('sessionStorage.length')).toBe(0);
    else expect(redemptions).toEqual([]);
    const orderId = /ord_[0-9a-z]+/.exec(page.url())?.[0] ?? '';
    expect(await stack.addsUp(sale)).toMatchObject({ held: 1, awaiting: 1 });
    await page.getByLabel(/card number/i).fill(cards.declined);
    await page.getByRole('button', { name: /^pay/i }).click();
    await page
      .getByText(/declined/i)
      .first()
      .waitFor();
    await picture('5-declined');
    await page.getByLabel(/card number/i).fill(cards.pays);
    await page.getByRole('button', { name: /^pay/i }).click();
    await page
      .getByRole('heading', { name: /paid|thank/i })
      .first()
      .waitFor();
    await picture('6-paid');
    expect(await stack.addsUp(sale)).toMatchObject({ held: 0, sold: 1, paid: 1 });

    // Back at the sale the shopper is told that they have bought.
    await page.goto(`${edgeUrl}/sales/${sale.saleId}`);
    await page.getByRole('heading', { name: 'Your order is placed' }).waitFor();

    // No page broke a rule of its own policy, or asked anyone else for anything.
    expect({ faults, strangers }).toEqual({ faults: [], strangers: [] });

    // The mail, as a person sees it in the inbox.
    const mail = await waitFor('the mail', 15, async () => {
      const mails = await mailsTo(mailUrl, email);
      return mails.find(({ text, subject }) => text.includes(orderId) && /receipt/i.test(subject));
    });
    await page.goto(mailUrl);
    const row = page
      .getByRole('listitem')
      .filter({ hasText: email })
      .filter({ hasText: mail.subject });
    await row.getByRole('link').click();
    await page.getByRole('heading', { name: mail.subject }).waitFor();
    await picture('7-mail');
    await close();
  },
);

/** The token was bound to a key of this browser that nobody can read, and is worth nothing elsewhere. */
async function expectBound(page: Page, redemptions: Request[]): Promise<void> {
  expect(redemptions).toHaveLength(1);
  const request = redemptions[0];
  const headers = (await request?.allHeaders()) ?? {};
  const [scheme, token = ''] = (headers.authorization ?? '').split(' ');
  expect(scheme).toBe('DPoP');
  const { cnf } = decodeJwt<{ cnf?: { jkt: string } }>(token);
  const { jwk, typ } = decodeProtectedHeader(headers.dpop ?? '');
  expect(typ).toBe('dpop+jwt');
  expect(cnf?.jkt).toBe(await calculateJwkThumbprint(jwk ?? {}));
  expect(await page.evaluate(keyOfPage)).toEqual({ isExtractable: false, exported: 'refused' });

  const url = request?.url() ?? '';
  const copied = (authorization: string, dpop?: string) =>
    call(url, {
      method: 'POST',
      headers: { authorization, ...(dpop === undefined ? {} : { dpop }) },
      json: JSON.parse(request?.postData() ?? '{}'),
    });
  const thief = makeProof(newProofKey(), { method: 'POST', url, token });
  for (const answer of [
    await copied(`Bearer ${token}`),
    await copied(`DPoP ${token}`),
    await copied(`DPoP ${token}`, thief),
    await copied(`DPoP ${token}`, headers.dpop),
  ]) {
    expectProblem(answer, 'proof-invalid');
  }
}

/** Runs in the page: what a script that got into it could do with the key. */
const keyOfPage = `(async () => {
  const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await settled(indexedDB.open('fairgate'));
  const pair = await settled(database.transaction('keys').objectStore('keys').get('proof'));
  const exported = await crypto.subtle.exportKey('jwk', pair.privateKey).then(
    () => 'exported',
    () => 'refused',
  );
  return { isExtractable: pair.privateKey.extractable, exported };
})()`;
