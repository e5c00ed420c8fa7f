import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { booksBalance, moneyBalances } from './faults/books.ts';
import { type Checkouts, startCheckouts } from './faults/checkout-processes.ts';
import { type FaultSale, seedSale } from './faults/sale.ts';
import { openRoom } from './faults/test-room.ts';
import { buy, cards, orderInState } from './support/checkout-client.ts';
import { answered, call } from './support/http.ts';
import type { RedemptionAnswer } from './support/shapes.ts';
import { waitFor } from './support/wait.ts';

let checkouts: Checkouts;
beforeAll(async () => {
  checkouts = await startCheckouts();
});
afterEach(() => misbehave({}));
afterAll(() => checkouts?.stop());

/** What the provider does wrong from here on. */
async function misbehave(json: object): Promise<void> {
  const answer = await call(`${checkouts.sandbox.url}/v1/controls`, { method: 'PUT', json });
  expect(answer.status).toBe(200);
}

async function place(sale: FaultSale): Promise<RedemptionAnswer> {
  const { token } = await checkouts.token(sale.saleId);
  return await checkouts.first.shopper.redeem({ token, productId: sale.productId });
}

/** As if the time to pay had been over for so long. */
const overFor = ({ order }: RedemptionAnswer, seconds: number) => checkouts.sql`
  update orders set pay_before = now() - make_interval(secs => ${seconds}) where id = ${order.id}`;
const statesOf = async ({ order }: RedemptionAnswer) =>
  (await checkouts.sql`select state from payments where order_id = ${order.id}`).map(
    ({ state }) => state,
  );

/** An order whose time was over while its payment was under way. */
async function expiredWhilePaying(sale: FaultSale): Promise<RedemptionAnswer> {
  const redeemed = await place(sale);
  const { order, orderKey } = redeemed;
  await checkouts.first.shopper.pay(order.id, orderKey, cards.paysAfter3Seconds);
  await overFor(redeemed, 100);
  await orderInState(checkouts.second.shopper, redeemed, 'expired', 3);
  return redeemed;
}

test('a provider that dies after it took a payment costs no place: the hold is put off, then paid', async () => {
  const sale = await seedSale(checkouts.sql, { units: 1, paySeconds: 20 });
  const redeemed = await place(sale);
  const { order, orderKey } = redeemed;
  await checkouts.first.shopper.pay(order.id, orderKey, cards.paysAfter3Seconds);
  await misbehave({ hang: true, webhooks: { drop: 1 } });
  const kept = await waitFor('the hold being put off', 40, async () => {
    const now = await checkouts.second.shopper.order(order.id, orderKey);
    return Date.parse(now.payBefore) > Date.parse(order.payBefore) && now;
  });
  expect(kept).toMatchObject({
    state: 'awaiting_payment',
    failure: 'payment_provider_unavailable',
  });
  expect(await statesOf(redeemed)).toEqual(['processing']);
  await misbehave({});
  await orderInState(checkouts.second.shopper, redeemed, 'paid', 60);
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ orders: 1, sold: 1 });
  await moneyBalances(checkouts, sale);
});

test('money that comes after the order expired buys the unit again while it is free', async () => {
  const sale = await seedSale(checkouts.sql, { units: 1 });
  await openRoom(checkouts.redisUrl, sale);
  const redeemed = await expiredWhilePaying(sale);
  const paid = await orderInState(checkouts.second.shopper, redeemed, 'paid', 20);
  expect(paid.items[0]?.units).toEqual(redeemed.order.items[0]?.units);
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ orders: 1, sold: 1, free: 0 });
  await moneyBalances(checkouts, sale);
});

test('money that comes after the unit went to the next shopper goes back, and they keep it', async () => {
  const sale = await seedSale(checkouts.sql, { units: 1 });
  await openRoom(checkouts.redisUrl, sale);
  const redeemed = await expiredWhilePaying(sale);
  const { token } = await checkouts.token(sale.saleId);
  await buy(checkouts.second.shopper, { token, productId: sale.productId });
  await waitFor('the money being back', 20, async () => {
    return (await statesOf(redeemed)).join() === 'refunded';
  });
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ orders: 2, sold: 1, free: 0 });
  await moneyBalances(checkouts, sale);
});

test('a payment that the provider gives back by itself ends its order, and frees the unit', async () => {
  const sale = await seedSale(checkouts.sql, { units: 1 });
  const { token } = await checkouts.token(sale.saleId);
  const redeemed = await buy(checkouts.first.shopper, { token, productId: sale.productId });
  const [payment] = await checkouts.sql`
    select id, reference from payments where order_id = ${redeemed.order.id}`;
  const back = await call(`${checkouts.sandbox.url}/v1/payments/${payment?.reference}/refunds`, {
    method: 'POST',
  });
  answered(back, 200, z.object({ state: z.literal('refunded') }));
  await orderInState(checkouts.second.shopper, redeemed, 'refunded', 10);
  expect(await statesOf(redeemed)).toEqual(['refunded']);
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ orders: 1, sold: 0, free: 1 });
  await moneyBalances(checkouts, sale);
});
