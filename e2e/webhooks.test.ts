import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buy, cards, orderInState } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered } from './support/http.ts';
import { mailsTo } from './support/mailbox.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';
import { isSignedBy, webhookReceiver } from './support/webhook-receiver.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const hookShape = z.object({ id: z.string(), secret: z.string() });
async function addHook(url: string, eventTypes: string[] | null = null) {
  const json = { url, eventTypes };
  const answer = await stack.control.raw('/v1/webhooks', { method: 'POST', json });
  return answered(answer, 201, hookShape);
}
const removeHook = (id: string) => stack.control.raw(`/v1/webhooks/${id}`, { method: 'DELETE' });

type Shop = Awaited<ReturnType<typeof webhookReceiver>>;
const told = (shop: Shop, id: string) => shop.all.filter(({ body }) => body.includes(id));
const typesOf = (shop: Shop, id: string) => told(shop, id).map(({ event }) => event.type);

test('a shop is told each step of an order and of a sale once, signed, and of no shopper', async () => {
  const { control, edge, checkout, sql } = stack;
  const shop = await webhookReceiver();
  const hook = await addHook(shop.url);
  const sale = await openSale(control, edge, { units: 3 });
  const { saleId, productId } = sale;
  const redeem = async (email?: string) => {
    const token = await newToken(edge, saleId);
    return await checkout.redeem({ token, productId, ...(email ? { email } : {}) });
  };
  const email = `hooks-${saleId}@example.com`;
  const paid = await redeem(email);
  await checkout.pay(paid.order.id, paid.orderKey, cards.declined);
  await waitFor('the refusal of the card', 10, () =>
    typesOf(shop, paid.order.id).includes('order.payment_failed'),
  );
  await checkout.pay(paid.order.id, paid.orderKey);
  await orderInState(checkout, paid, 'paid');
  const cancelled = await redeem();
  await checkout.cancel(cancelled.order.id, cancelled.orderKey);
  await control.setRoom(saleId, { ...openDoors, paySeconds: 10 });
  const expired = await redeem();
  await orderInState(checkout, expired, 'expired', 20);
  await control.raw(`/v1/orders/${paid.order.id}/refund`, { method: 'POST', json: {} });
  await waitFor('all of it', 20, () => typesOf(shop, paid.order.id).includes('payment.refunded'));
  await control.move(saleId, 'close');
  await waitFor('the end of the sale', 10, () => typesOf(shop, saleId).includes('sale.closed'));

  expect(typesOf(shop, paid.order.id).sort()).toEqual([
    ...['order.paid', 'order.payment_failed', 'order.placed', 'order.refunded'],
    'payment.refunded',
  ]);
  expect(typesOf(shop, cancelled.order.id).sort()).toEqual(['order.cancelled', 'order.placed']);
  expect(typesOf(shop, expired.order.id).sort()).toEqual(['order.expired', 'order.placed']);
  expect(typesOf(shop, `"sale":{"id":"${saleId}`)).toEqual(['sale.opened', 'sale.closed']);
  const data = (type: string) =>
    told(shop, paid.order.id).find(({ event }) => event.type === type)?.event.data;
  const units = paid.order.items[0]?.units;
  expect(data('order.placed')).toMatchObject({
    order: { state: 'awaiting_payment', items: [{ productId, units }] },
  });
  expect(data('order.paid')).toMatchObject({ order: { state: 'paid', items: [{ units }] } });
  expect(data('order.refunded')).toMatchObject({
    order: { state: 'refunded', items: [{ quantity: 1, units: [] }] },
  });
  expect(data('order.payment_failed')).toMatchObject({
    payment: { id: expect.stringMatching(/^pay_/), amountMinor: 2_500 },
  });
  expect(shop.all.every((received) => isSignedBy(hook.secret, received))).toBe(true);
  expect(new Set(shop.all.map(({ id }) => id)).size).toBe(shop.all.length);
  const [row] = await sql`select visitor, jti from orders where id = ${paid.order.id}`;
  const all = shop.all.map(({ body }) => body).join('\n');
  for (const secret of [email, paid.orderKey, row?.visitor, row?.jti]) {
    expect([secret, all.includes(String(secret))]).toEqual([secret, false]);
  }
  await removeHook(hook.id);
});

test('receivers that hang slow neither a receiver that answers, nor mails, nor orders', async () => {
  const { control, edge, checkout } = stack;
  const sale = await openSale(control, edge, { units: 12 });
  const hanging = await webhookReceiver();
  hanging.answer = () => {};
  const shop = await webhookReceiver();
  const hooks = [await addHook(hanging.url), await addHook(hanging.url), await addHook(shop.url)];
  const email = `hang-${sale.saleId}@example.com`;
  for (let i = 0; i < 12; i += 1) {
    const token = await newToken(edge, sale.saleId);
    await buy(checkout, { token, productId: sale.productId, email: `${i}-${email}` });
  }
  await waitFor('everything at the receiver that answers', 10, () => {
    const types = told(shop, sale.saleId).map(({ event }) => event.type);
    return (
      types.filter((type) => type === 'order.paid').length === 12 && types.includes('sale.sold_out')
    );
  });
  await waitFor('the receipts', 10, async () => {
    const mails = await mailsTo(stack.info().mailUrl, email);
    return mails.filter(({ subject }) => subject.startsWith('Your receipt')).length === 12;
  });
  expect(hanging.open.size).toBeGreaterThan(0);
  expect(hanging.open.size).toBeLessThanOrEqual(16);
  for (const { id } of hooks) await removeHook(id);
});

test('what happens while the queue service is down is told when it is back', async () => {
  const { control, edge, checkout } = stack;
  const shop = await webhookReceiver();
  const hook = await addHook(shop.url, ['order.paid']);
  const { saleId, productId } = await openSale(control, edge, { units: 3 });
  const token = await newToken(edge, saleId);
  stack.kill('queue-service');
  const { order } = await buy(checkout, { token, productId });
  await stack.whole();
  await waitFor('the event', 60, () => typesOf(shop, order.id).length > 0);
  expect(typesOf(shop, order.id)).toEqual(['order.paid']);
  await removeHook(hook.id);
});
