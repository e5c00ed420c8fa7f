import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy, cards, orderInState } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { expectProblem } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout, holdsFor, waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

/** What CONTRACT.md section 7 promises; the test's own looking takes a part of it too. */
const freeWithinMs = 3_000;

test.concurrent('a hold that runs out is free again within 3 s, and the next shopper buys its unit', async () => {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, paySeconds: 10, guaranteeStock: false };
  const sale = await openSale(control, edge, { units: 1, room });
  const tokens = [await newToken(edge, sale.saleId), await newToken(edge, sale.saleId)] as const;
  const { productId } = sale;
  const unpaid = await checkout.redeem({ token: tokens[0], productId });
  const payBeforeMs = Date.parse(unpaid.order.payBefore);
  expect(payBeforeMs - Date.parse(unpaid.order.createdAt)).toBe(10_000);

  await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () =>
      waitFor('the unit being free', 20, async () => {
        const { free } = await stack.addsUp(sale);
        const nowMs = Date.now();
        expect(nowMs < payBeforeMs && free > 0).toBe(false);
        return free === 1 ? nowMs : undefined;
      }).then((freeAtMs) => expect(freeAtMs - payBeforeMs).toBeLessThan(freeWithinMs)),
  );
  await orderInState(checkout, unpaid, 'expired', 2);
  const late = await checkout.tryPay(unpaid.order.id, unpaid.orderKey, cards.pays);
  expectProblem(late, 'order-expired');
  const bought = await buy(checkout, { token: tokens[1], productId });
  expect(bought.order.items[0]?.units).toEqual(unpaid.order.items[0]?.units);
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 1, free: 0, held: 0, orders: 2 });
});

test.concurrent('a payment under way keeps its hold past the deadline', async () => {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, paySeconds: 10 };
  const sale = await openSale(control, edge, { units: 1, room });
  const token = await newToken(edge, sale.saleId);
  const redeemed = await checkout.redeem({ token, productId: sale.productId });
  const payBeforeMs = Date.parse(redeemed.order.payBefore);
  await waitFor('the last second of the hold', 12, () => Date.now() > payBeforeMs - 1_500);
  await checkout.pay(redeemed.order.id, redeemed.orderKey, cards.paysAfter3Seconds);
  const order = await checkingThroughout(
    async () => expect((await stack.addsUp(sale)).free).toBe(0),
    () => orderInState(checkout, redeemed, 'paid', 10),
  );
  expect(Date.parse(order.paidAt ?? '')).toBeGreaterThan(payBeforeMs);
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 1, free: 0, held: 0, orders: 1 });
});

test.concurrent('a hold may be extended once', async () => {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, paySeconds: 10 };
  const sale = await openSale(control, edge, { units: 1, room });
  const token = await newToken(edge, sale.saleId);
  const { order, orderKey } = await checkout.redeem({ token, productId: sale.productId });
  const extend = () =>
    checkout.raw(`/v1/orders/${order.id}/extend`, { method: 'POST', bearer: orderKey });
  expect((await extend()).status).toBe(200);
  const extended = await checkout.order(order.id, orderKey);
  expect(Date.parse(extended.payBefore) - Date.parse(order.payBefore)).toBe(10_000);
  expectProblem(await extend(), 'conflict');
  await waitFor('the first deadline', 15, () => Date.now() > Date.parse(order.payBefore) + 500);
  await holdsFor(2, async () => expect((await stack.addsUp(sale)).held).toBe(1));
  await checkout.pay(order.id, orderKey);
  await orderInState(checkout, { order, orderKey }, 'paid');
});

test.concurrent('a cancelled order gives its unit back at once', async () => {
  const { edge, control, checkout } = stack;
  const sale = await openSale(control, edge, { units: 1 });
  const token = await newToken(edge, sale.saleId);
  const { order, orderKey } = await checkout.redeem({ token, productId: sale.productId });
  expect((await stack.addsUp(sale)).held).toBe(1);
  expect((await checkout.cancel(order.id, orderKey)).state).toBe('cancelled');
  expect(await stack.addsUp(sale)).toMatchObject({ free: 1, held: 0 });
  expectProblem(await checkout.tryPay(order.id, orderKey, cards.pays), 'conflict');
  const next = await newToken(edge, sale.saleId);
  await buy(checkout, { token: next, productId: sale.productId });
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 1, orders: 2 });
});
