import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unreachedFailure, withdrawnFailure } from './domain/payment-rules.ts';
import { balancerHeader } from './http/balancer.ts';
import { limits } from './limits.ts';
import { cards, hear, placeOrder } from './testing/payment-rig.ts';
import { heldTransaction, rigsOfFile, slugOf, tally, times } from './testing/rigs.ts';
import { makeSandbox, type SandboxRig } from './testing/sandbox-rig.ts';

const rigOf = rigsOfFile();
let sandbox: SandboxRig;
beforeAll(async () => {
  sandbox = await makeSandbox(async () => new Response());
});
afterAll(() => sandbox.close());

const oneRequest = () => ({ [balancerHeader]: randomBytes(16).toString('hex') });

async function orderOf() {
  const rig = await rigOf({ units: [3], instances: 2, providers: [sandbox.provider] });
  const order = await placeOrder(rig);
  const change = (
    action: string,
    instance: number,
    headers: Record<string, string> = {},
    card = cards.pays,
  ) =>
    rig.call('POST', `${order.path}/${action}`, {
      key: order.key,
      instance,
      headers,
      ...(action === 'payments' ? { json: { provider: 'sandbox', card } } : {}),
    });
  return { rig, order, change };
}

// The first answer was lost, and the balancer asks the other instance: the same request, once more.
describe('a second try of the balancer', () => {
  it('to pay is the same payment', async () => {
    const { order, change } = await orderOf();
    const headers = oneRequest();
    const first = await change('payments', 0, headers);
    const again = await change('payments', 1, headers);
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual(first.body);
    expect(await order.payments()).toHaveLength(1);
    const other = await change('payments', 1, oneRequest());
    expect(slugOf(other)).toBe('conflict');
  });

  it('to pay is the same payment, also where the provider has not heard of the first', async () => {
    const { rig, order, change } = await orderOf();
    const headers = oneRequest();
    const payments = await rig.sql`
      insert into payments
        (id, order_id, sale_id, provider, amount_minor, currency, balancer_request)
      select 'pay_of_the_killed', id, sale_id, 'sandbox', total_minor, currency,
        ${headers[balancerHeader] ?? ''}
      from orders where id = ${order.id} returning id`;
    const again = await change('payments', 1, headers);
    expect(again.status).toBe(202);
    expect(again.body.payment.id).toBe(payments[0]?.id);
    expect(await order.payments()).toMatchObject([{ reference: expect.any(String) }]);
  });

  it.each([
    ['that the provider does not answer', cards.fails, '503 payment-unavailable'],
    ['that it is no card', '1234123412341234', '400 invalid-request'],
  ])('to pay is told what the first was: %s', async (_, card, told) => {
    const { order, change } = await orderOf();
    const headers = oneRequest();
    const first = await change('payments', 0, headers, card);
    const again = await change('payments', 1, headers, card);
    expect([first, again].map((answer) => `${answer.status} ${slugOf(answer)}`)).toEqual([
      told,
      told,
    ]);
    expect(await order.payments()).toMatchObject([{ state: 'failed' }]);
  });

  it('to pay is told that its card was declined meanwhile', async () => {
    const { rig, order, change } = await orderOf();
    const headers = oneRequest();
    const first = await change('payments', 0, headers, cards.slow);
    const paymentId: string = first.body.payment.id;
    await hear(rig, paymentId, { state: 'failed', failure: 'card_declined' });
    const again = await change('payments', 1, headers, cards.slow);
    expect(`${again.status} ${slugOf(again)}`).toBe('402 payment-declined');
    expect(await order.payments()).toHaveLength(1);
  });

  it.each([
    [unreachedFailure, '503 payment-unavailable'],
    [withdrawnFailure, '402 payment-declined'],
  ])(
    'to pay is told in words for shoppers what went wrong meanwhile: %s',
    async (failure, told) => {
      const { rig, order, change } = await orderOf();
      const headers = oneRequest();
      await change('payments', 0, headers, cards.slow);
      await rig.sql`
      update payments set state = 'failed', failure = ${failure} where order_id = ${order.id}`;
      const again = await change('payments', 1, headers, cards.slow);
      expect(`${again.status} ${slugOf(again)}`).toBe(told);
      expect(again.body.detail).toMatch(/^The payment/);
    },
  );

  it('to pay is told that the order has ended meanwhile', async () => {
    const { rig, order, change } = await orderOf();
    const headers = oneRequest();
    expect((await change('payments', 0, headers, cards.slow)).status).toBe(202);
    await rig.sql`update payments set state = 'withdrawing' where order_id = ${order.id}`;
    await rig.sql`update orders set state = 'cancelled' where id = ${order.id}`;
    const again = await change('payments', 1, headers, cards.slow);
    expect(`${again.status} ${slugOf(again)}`).toBe('409 conflict');
  });

  it('to extend extends once, and another request is refused', async () => {
    const { order, change } = await orderOf();
    const headers = oneRequest();
    const first = await change('extend', 0, headers);
    const again = await change('extend', 1, headers);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    expect(slugOf(await change('extend', 1, oneRequest()))).toBe('conflict');
    expect(slugOf(await change('extend', 1))).toBe('conflict');
    expect((await order.actions()).filter((action) => action === 'order.extended').length).toBe(1);
  });

  it('to cancel is answered the same', async () => {
    const { change } = await orderOf();
    const headers = oneRequest();
    const first = await change('cancel', 0, headers);
    expect((await change('cancel', 1, headers)).body).toEqual(first.body);
  });
});

describe('many changes of one order at once', () => {
  it('wait in its own line, which is short, and hold no connection of other orders', async () => {
    const { rig, change } = await orderOf();
    const other = await placeOrder(rig);
    const holder = await heldTransaction(rig);
    await holder.sql`select from orders where id <> ${other.id} for update`;
    const flood = times(40, () => change('extend', 0));
    expect((await other.extend()).status).toBe(200);
    await holder.end();
    const answers = await flood;
    expect(tally(answers)).toEqual({ '200': 1, '409 conflict': 39 });
    const crowded = answers.filter((answer) => answer.headers.get('retry-after') !== null);
    expect(crowded.length).toBe(39 - limits.sameOrderMax);
  });
});
