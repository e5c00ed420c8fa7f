import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buy, cards, orderInState } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { serverEvents } from './support/events.ts';
import { type Fixture, openSale } from './support/fixtures.ts';
import { type CaughtMail, mailsTo } from './support/mailbox.ts';
import { expectProblem } from './support/problem.ts';
import { type OrderAnswer, orderShape, type RedemptionAnswer } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { holdsFor, waitFor } from './support/wait.ts';

let stack: SharedStack;
let sale: Fixture;
beforeAll(async () => {
  stack = await sharedStack();
  sale = await openSale(stack.control, stack.edge, { units: 50, priceMinor: 1_999 });
});
afterAll(() => stack?.close());

async function newOrder(email?: string): Promise<RedemptionAnswer> {
  const token = await newToken(stack.edge, sale.saleId);
  const { productId } = sale;
  return await stack.checkout.redeem({ token, productId, ...(email ? { email } : {}) });
}

type Follower = { seen: { order: OrderAnswer; atMs: number }[]; end(): void };

/** Collects the order's events as they come, through the edge. */
function follow({ order, orderKey }: RedemptionAnswer): Follower {
  const seen: Follower['seen'] = [];
  const abort = new AbortController();
  const url = `${stack.info().edgeUrl}/v1/orders/${order.id}/events`;
  const shape = z.union([z.object({ order: orderShape }), orderShape]);
  const read = async () => {
    for await (const event of serverEvents(url, orderKey, abort.signal)) {
      if (event.event !== 'order') continue;
      const data = shape.parse(JSON.parse(event.data));
      seen.push({ order: 'order' in data ? data.order : data, atMs: Date.now() });
    }
  };
  read().catch(() => {});
  return { seen, end: () => abort.abort() };
}

test("an order's events tell what it is now, and that it was paid, within a second", async () => {
  const redeemed = await newOrder();
  const follower = follow(redeemed);
  await waitFor('the first event', 5, () => follower.seen.length > 0);
  expect(follower.seen[0]?.order).toMatchObject({ state: 'awaiting_payment', totalMinor: 1_999 });
  await stack.checkout.pay(redeemed.order.id, redeemed.orderKey);
  const paid = await waitFor('the event of being paid', 10, () =>
    follower.seen.find(({ order }) => order.state === 'paid'),
  );
  follower.end();
  expect(paid.atMs - Date.parse(paid.order.paidAt ?? '')).toBeLessThan(1_500);
  const stored = await stack.checkout.order(redeemed.order.id, redeemed.orderKey);
  expect(stored).toEqual(paid.order);
  await stack.addsUp(sale);
});

test('a declined card leaves the order unpaid and says why; another card then pays', async () => {
  const redeemed = await newOrder();
  const { order, orderKey } = redeemed;
  const answer = await stack.checkout.tryPay(order.id, orderKey, cards.declined);
  expect(answer.status).toBe(202);
  const failed = await waitFor('the failure', 5, async () => {
    const now = await stack.checkout.order(order.id, orderKey);
    return now.failure ? now : undefined;
  });
  expect(failed.state).toBe('awaiting_payment');
  expect(failed.payBefore).toBe(order.payBefore);
  expect((await stack.addsUp(sale)).held).toBeGreaterThan(0);
  await stack.checkout.pay(order.id, orderKey, cards.pays);
  const paid = await orderInState(stack.checkout, redeemed, 'paid');
  expect(paid.items).toEqual(order.items);
  expect(paid.failure ?? null).toBeNull();
  await stack.addsUp(sale);
});

test('a webhook that is delivered three times is one payment and one receipt', async () => {
  const email = `thrice-${sale.saleId}@example.com`;
  const token = await newToken(stack.edge, sale.saleId);
  const purchase = { token, productId: sale.productId, email };
  const { order } = await buy(stack.checkout, purchase, cards.webhookThreeTimes);
  const receipts = async () =>
    (await mailsAbout(order.id, email)).filter(({ subject }) => /receipt/i.test(subject));
  await waitFor('the receipt', 15, async () => (await receipts()).length > 0);
  // The sandbox delivers 50 ms apart; after a second all three have come.
  await holdsFor(1, async () => {
    const [row] = await stack.sql`
      select (select count(*)::int from payments where order_id = ${order.id}) as payments,
        (select count(*)::int from ledger
          where order_id = ${order.id} and action = 'order.paid') as paid,
        (select count(*)::int from notices
          where order_id = ${order.id} and kind = 'order-paid') as notices`;
    expect(row).toEqual({ payments: 1, paid: 1, notices: 1 });
    expect(await receipts()).toHaveLength(1);
  });
  await stack.addsUp(sale);
});

test('a provider that fails costs no place: the order waits, and another card pays', async () => {
  const redeemed = await newOrder();
  const { order, orderKey } = redeemed;
  const answer = await stack.checkout.tryPay(order.id, orderKey, cards.providerFails);
  expectProblem(answer, 'payment-unavailable');
  const waiting = await stack.checkout.order(order.id, orderKey);
  expect(waiting).toMatchObject({
    state: 'awaiting_payment',
    failure: 'payment_provider_unavailable',
  });
  await waitFor('paying with another card', 20, async () => {
    const second = await stack.checkout.tryPay(order.id, orderKey, cards.pays);
    return second.status === 202;
  });
  await orderInState(stack.checkout, redeemed, 'paid');
  const rows = await stack.sql`
    select 1 from payments where order_id = ${order.id} and state = 'succeeded'`;
  expect(rows).toHaveLength(1);
  await stack.addsUp(sale);
});

test('an order that is paid cannot be paid again, nor cancelled', async () => {
  const token = await newToken(stack.edge, sale.saleId);
  const { order, orderKey } = await buy(stack.checkout, { token, productId: sale.productId });
  expectProblem(await stack.checkout.tryPay(order.id, orderKey, cards.pays), 'conflict');
  const path = `/v1/orders/${order.id}/cancel`;
  const cancelled = await stack.checkout.raw(path, { method: 'POST', bearer: orderKey });
  expectProblem(cancelled, 'conflict');
  expect(await stack.checkout.order(order.id, orderKey)).toEqual(order);
});

test('orders placed and paid are told by mail to the address that was given, once each', async () => {
  const email = `shopper-${sale.saleId}@example.com`;
  const token = await newToken(stack.edge, sale.saleId);
  const purchase = { token, productId: sale.productId, email };
  const { order } = await buy(stack.checkout, purchase);
  const { sql } = stack;
  await waitFor('the mail of the paid order', 15, async () => {
    const [row] = await sql`
      select sent_at from notices where order_id = ${order.id} and kind = 'order-paid'`;
    return row !== undefined && row.sent_at !== null;
  });
  const mails = await waitFor('the mail in the inbox', 5, async () => {
    const found = await mailsAbout(order.id, email);
    return found.length > 0 ? found : undefined;
  });
  const subjects = mails.map(({ subject }) => subject);
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(mails.some(({ text }) => text.includes('19.99') || text.includes('19,99'))).toBe(true);
});

async function mailsAbout(orderId: string, email: string): Promise<CaughtMail[]> {
  const mails = await mailsTo(stack.info().mailUrl, email);
  return mails.filter(({ text }) => text.includes(orderId));
}
