import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openBrowser, openTab } from './support/browser.ts';
import { orderInState } from './support/checkout-client.ts';
import { claimsOf, type Standing } from './support/edge-client.ts';
import { type Fixture, openDoors, openSale } from './support/fixtures.ts';
import { freeze } from './support/freeze.ts';
import { answered } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout, holdsFor, waitFor } from './support/wait.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

const tokenSeconds = 16;

/** One shopper at a time; each is let in when the one before has done. */
async function openNarrowSale(): Promise<Fixture> {
  const room = { ...openDoors, maxActive: 1, tokenSeconds, guaranteeStock: true };
  return await openSale(stack.control, stack.edge, { units: 5, room });
}

/** Postgres hangs, for every part, until it is let go. */
function freezePostgres(): () => void {
  const found = stack.info().processes.find(({ name }) => name === 'postgres');
  if (found === undefined) throw new Error('stack.json names no postgres');
  const thaw = freeze(found.pid);
  onTestFinished(thaw);
  return thaw;
}

const placeOf = ({ saleId }: Fixture, { ticket }: Standing) => stack.edge.poll(saleId, ticket);
const untilOf = async (sale: Fixture, standing: Standing) =>
  Date.parse((await placeOf(sale, standing)).admittedUntil ?? '');

async function inState(sale: Fixture, standing: Standing, state: string) {
  await waitFor(`the place being ${state}`, 20, async () => {
    return (await placeOf(sale, standing)).state === state;
  });
}

/** Whether whoever waits is told that nobody is let in, which is nobody's fault but ours. */
async function haltedFor(sale: Fixture, waiting: Standing, isHalted: boolean) {
  await waitFor(`halted: ${isHalted}`, 20, async () => {
    return ((await placeOf(sale, waiting)).halted === true) === isHalted;
  });
}

test('a token that runs out while Postgres is away is good for as long again afterwards, once, and nobody else is let in meanwhile', async () => {
  const { edge, checkout } = stack;
  const sale = await openNarrowSale();
  const { saleId, productId } = sale;
  const shopper = await edge.join(saleId);
  await inState(sale, shopper, 'admitted');
  const next = await edge.join(saleId);
  const first = await edge.takeToken(saleId, shopper.ticket);
  const { jti, exp } = claimsOf(first.token);
  const idempotencyKey = `of-${jti}`;
  const purchase = { token: first.token, productId, idempotencyKey };

  const thaw = freezePostgres();
  await checkingThroughout(
    async () => {
      const [mine, theirs] = [await placeOf(sale, shopper), await placeOf(sale, next)];
      expect([mine.state, theirs.state]).toEqual(['issued', 'waiting']);
    },
    async () => {
      expectProblem(await checkout.tryRedeem(purchase), 'unavailable');
      await waitFor('its end, and the time when it would lapse', 40, () => {
        return Date.now() > exp * 1_000 + 6_000;
      });
    },
  );
  thaw();
  await haltedFor(sale, next, false);

  const expired = await waitFor('the checkout being back', 20, async () => {
    const answer = await checkout.tryRedeem(purchase);
    return answer.status === 503 ? undefined : answer;
  });
  expectProblem(expired, 'token-expired');
  expect(expired.text).toContain('ask the sale for the token again');
  const until = await untilOf(sale, shopper);
  expect(until).toBeLessThanOrEqual(Date.now() + tokenSeconds * 1_000);
  // Most of it was left when Postgres froze.
  expect(until).toBeGreaterThan(Date.now());

  const thawAgain = freezePostgres();
  await haltedFor(sale, next, true);
  await holdsFor(2, async () => expect(await untilOf(sale, shopper)).toBe(until));
  thawAgain();

  const again = await edge.takeToken(saleId, shopper.ticket);
  expect(claimsOf(again.token)).toMatchObject({ jti, exp: Math.floor(until / 1_000) });
  const answer = await waitFor('the order', 15, async () => {
    const given = await checkout.tryRedeem({ ...purchase, token: again.token });
    return given.status === 503 ? undefined : given;
  });
  const bought = answered(answer, 201, redemptionShape);
  expect((await placeOf(sale, next)).state).toBe('waiting');
  await checkout.pay(bought.order.id, bought.orderKey);
  await orderInState(checkout, bought, 'paid');
  await inState(sale, next, 'admitted');
  expect(await stack.addsUp(sale)).toMatchObject({ orders: 1, sold: 1 });
});

test('the checkout’s page takes the token again by itself when its time was given back, and the shopper buys', async () => {
  const { edgeUrl } = stack.info();
  const sale = await openNarrowSale();
  const { page, strangers, close } = await openTab(browser, { script: true, origins: [edgeUrl] });
  onTestFinished(close);
  await page.goto(`${edgeUrl}/sales/${sale.saleId}`);
  await page.getByRole('button', { name: 'Join the line' }).click();
  await page.getByRole('button', { name: 'Go to the checkout' }).click();
  const time = page.locator('#token-expiry');
  const shownEnd = async () => Date.parse((await time.getAttribute('datetime')) ?? '');
  await waitFor('the end being shown', 10, async () => (await shownEnd()) > 0);
  const firstEnd = await shownEnd();

  const thaw = freezePostgres();
  await waitFor('a later end being shown', 40, async () => (await shownEnd()) > firstEnd);
  thaw();
  // Its own retries last until the checkout is back, or the shopper tries again.
  await waitFor('the order', 40, async () => {
    if (page.url().includes('/checkout/orders/')) return true;
    const button = page.getByRole('button', { name: 'Reserve now' });
    if (await button.isEnabled()) await button.click();
    return false;
  });
  expect(await stack.addsUp(sale)).toMatchObject({ orders: 1, held: 1 });
  expect(strangers).toEqual([]);
});
