import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { mapBounded } from './support/http.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

test('the summary adds up, as JSON and as CSV, and agrees with Postgres', async () => {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, paySeconds: 10 };
  const sale = await openSale(control, edge, { units: 20, priceMinor: 1_250, room });
  const { saleId, productId } = sale;
  const tokens = await mapBounded(Array.from({ length: 9 }), 9, () => newToken(edge, saleId));
  const expired = await checkout.redeem({ token: tokens[0]!, productId });
  const cancelled = await checkout.redeem({ token: tokens[1]!, productId });
  await checkout.cancel(cancelled.order.id, cancelled.orderKey);
  await waitFor('the hold running out', 20, async () => {
    const { state } = await checkout.order(expired.order.id, expired.orderKey);
    return state === 'expired';
  });
  await control.setRoom(saleId, { paySeconds: 600 });
  for (const token of tokens.slice(2, 6)) await buy(checkout, { token, productId });
  for (const token of tokens.slice(6, 8)) await checkout.redeem({ token, productId });

  const held = await stack.addsUp(sale);
  expect(held).toMatchObject({ total: 20, free: 14, held: 2, sold: 4, orders: 8, paid: 4 });
  const summary = await waitFor('Redis and Postgres agreeing', 10, async () => {
    const now = await control.summary(saleId);
    return now.reconciled && now.funnel.redeemed === 8 ? now : undefined;
  });
  expect(summary.products).toEqual([
    {
      productId,
      name: sale.name,
      total: 20,
      free: 14,
      held: 2,
      sold: 4,
      revenueMinor: 4 * 1_250,
      currency: 'EUR',
    },
  ]);
  expect(summary.funnel).toMatchObject({
    joined: 9,
    admitted: 9,
    issued: 9,
    redeemed: 8,
    paid: 4,
    abandoned: 0,
    blocked: 0,
  });
  expect(summary.waits.p50Seconds).toBeLessThanOrEqual(summary.waits.p95Seconds ?? -1);

  const csv = await control.summaryCsv(saleId);
  const [header = '', ...rows] = csv.trim().split(/\r?\n/);
  const names = header.split(',');
  const row = rows.find((line) => line.includes(productId))?.split(',') ?? [];
  const cell = (name: string) => row[names.indexOf(name)];
  expect(names).toEqual(expect.arrayContaining(['productId', 'total', 'free', 'held', 'sold']));
  expect([cell('total'), cell('free'), cell('held'), cell('sold')]).toEqual(['20', '14', '2', '4']);
  expect(cell('revenueMinor')).toBe('5000');

  const orders = await control.orders(saleId);
  expect(orders).toHaveLength(8);
  const states = Object.groupBy(orders, ({ state }) => state);
  expect(states.paid).toHaveLength(4);
  expect(states.awaiting_payment).toHaveLength(2);
  expect(states.expired).toHaveLength(1);
  expect(states.cancelled).toHaveLength(1);
});
