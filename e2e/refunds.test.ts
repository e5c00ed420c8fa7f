import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy } from './support/checkout-client.ts';
import { newToken, tokenWhenAdmitted } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { mailsTo } from './support/mailbox.ts';
import { expectProblem } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const refund = (orderId: string, json: object = {}) =>
  stack.control.raw(`/v1/orders/${orderId}/refund`, { method: 'POST', json });

test('an order that is refunded gives its unit to the next in line, and its money back', async () => {
  const { edge, checkout, control, sql } = stack;
  const sale = await openSale(control, edge, { units: 1, priceMinor: 1_999 });
  const email = `refund-${sale.saleId}@example.com`;
  const token = await newToken(edge, sale.saleId);
  const next = await edge.join(sale.saleId);
  const { order, orderKey } = await buy(checkout, { token, productId: sale.productId, email });
  await waitFor('being sold out', 5, async () => {
    return (await edge.sale(sale.saleId)).state === 'sold_out';
  });

  expectProblem(await refund(order.id, { confirm: 'another sale' }), 'conflict');
  const answer = await refund(order.id, { confirm: sale.name, reason: 'rained off' });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ id: order.id, state: 'refunded' });
  expect((await refund(order.id)).status).toBe(200);
  expect((await checkout.order(order.id, orderKey)).state).toBe('refunded');

  await waitFor('the money going back', 10, async () => {
    const [row] = await sql`select state from payments where order_id = ${order.id}`;
    return row?.state === 'refunded';
  });
  await waitFor('the mail about it', 15, async () => {
    const mails = await mailsTo(stack.info().mailUrl, email);
    return mails.some(({ subject }) => subject.startsWith('Your money is on its way back'));
  });
  const second = await tokenWhenAdmitted(edge, sale.saleId, next.ticket);
  await buy(checkout, { token: second, productId: sale.productId });
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 1, free: 0, paid: 1 });
  await waitFor('the summary agreeing', 10, async () => {
    const { products, funnel, reconciled } = await control.summary(sale.saleId);
    expect(products).toMatchObject([{ sold: 1, free: 0, revenueMinor: 1_999 }]);
    expect(funnel).toMatchObject({ redeemed: 2, paid: 1 });
    return reconciled;
  });
  const ledger = await sql`
    select actor from ledger where order_id = ${order.id} and action = 'order.refunded'`;
  expect(ledger).toHaveLength(1);
  expect(ledger[0]?.actor).toMatch(/^key:/);
});

test('only a paid order is refunded, and the refusal names its state', async () => {
  const { edge, checkout, control } = stack;
  const sale = await openSale(control, edge, { units: 2 });
  const token = await newToken(edge, sale.saleId);
  const { order, orderKey } = await checkout.redeem({ token, productId: sale.productId });
  const unpaid = await refund(order.id);
  expectProblem(unpaid, 'conflict');
  expect(unpaid.text).toContain('awaiting_payment');
  await checkout.cancel(order.id, orderKey);
  expect((await refund(order.id)).text).toContain('cancelled');
  expectProblem(await refund('ord_nothing'), 'not-found');
  const key = await control.createApiKey('viewer', 'viewer');
  const viewer = await control.raw(`/v1/orders/${order.id}/refund`, {
    method: 'POST',
    bearer: key,
  });
  expectProblem(viewer, 'forbidden');
  const inside = `/internal/orders/${order.id}/refund`;
  const json = { actor: 'key:x' };
  const [first] = stack.instances;
  expectProblem(await first.raw(inside, { method: 'POST', json }), 'unauthorized');
  expect((await checkout.raw(inside, { method: 'POST', json })).status).toBe(404);
});
