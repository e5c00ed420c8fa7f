import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { outageFailure } from './domain/payment-rules.ts';
import {
  eventually,
  makeRig,
  type Rig,
  readStream,
  rigInternalKey,
  testOrigin,
} from './testing/checkout-rig.ts';
import { makeSandbox, type SandboxRig } from './testing/sandbox-rig.ts';

let rig: Rig;
let sandbox: SandboxRig;
beforeAll(async () => {
  sandbox = await makeSandbox(async (request) => await rig.services[0]!.fetch(request));
  const databaseUrl = await freshDatabaseUrl(afterAll);
  const providers = [sandbox.provider];
  rig = await makeRig({ databaseUrl, units: [200], instances: 2, providers, loops: true });
});
afterAll(async () => {
  await rig.close();
  await sandbox.close();
});

const cards = {
  pays: '4242424242424242',
  declined: '4000000000000002',
  slow: '4000000000000259',
  fails: '4000000000000119',
  thrice: '4000000000000044',
};

async function place(email?: string) {
  const { body } = await rig.redeem(await rig.token(), email ? { email } : {});
  const { order, orderKey: key } = body;
  const path = `/v1/orders/${order.id}`;
  return {
    id: order.id as string,
    unit: order.items[0].units[0] as string,
    key: key as string,
    path,
    read: async () => (await rig.call('GET', path, { key, instance: 1 })).body.order,
    pay: (card: string) =>
      rig.call('POST', `${path}/payments`, { key, json: { provider: 'sandbox', card } }),
    cancel: () => rig.call('POST', `${path}/cancel`, { key }),
    reaches: (state: string, secondsMax = 10) =>
      eventually(async () => {
        const now = (await rig.call('GET', path, { key })).body.order;
        return now.state === state ? now : null;
      }, secondsMax),
    runOut: (secondsAgo = 1) => rig.sql`
      update orders set pay_before = now() - make_interval(secs => ${secondsAgo})
      where id = ${order.id}`,
  };
}
const unitState = async (id: string) =>
  (await rig.sql`select state from units where id = ${id}`)[0]?.state;
const ledgerOf = async (orderId: string) =>
  (await rig.sql`select action from ledger where order_id = ${orderId} order by id`).map(
    (row) => row.action,
  );
const noticesOf = async (orderId: string) =>
  (
    await rig.sql`
      select payload->>'notice' as notice from outbox
      where topic = 'job' and payload->>'orderId' = ${orderId} order by id`
  ).map((row) => row.notice);
const paymentOf = async (orderId: string) =>
  (await rig.sql`select * from payments where order_id = ${orderId} order by id`).map(
    (row) => row.state,
  );

describe('paying', () => {
  it('makes the order paid, its units sold, and writes ledger and outbox', async () => {
    const order = await place('shopper@example.org');
    const answer = await order.pay(cards.pays);
    expect(answer.status).toBe(202);
    expect(answer.body.payment).toMatchObject({ state: 'processing' });
    const paid = await order.reaches('paid');
    expect(paid.paidAt).toMatch(/Z$/);
    expect(await unitState(order.unit)).toBe('sold');
    expect(await ledgerOf(order.id)).toEqual(['order.placed', 'payment.begun', 'order.paid']);
    expect(await noticesOf(order.id)).toEqual(['order-placed', 'order-paid']);
    expect((await order.pay(cards.pays)).status).toBe(409);
    expect((await order.cancel()).status).toBe(409);
  });

  it('a webhook that comes three times has one effect', async () => {
    const order = await place();
    const before = sandbox.deliveries.length;
    await order.pay(cards.thrice);
    await order.reaches('paid');
    await eventually(async () => sandbox.deliveries.length >= before + 3);
    expect((await ledgerOf(order.id)).filter((action) => action === 'order.paid')).toHaveLength(1);
  });

  it('a declined card says why, by mail too, and another one may follow', async () => {
    const order = await place('shopper@example.org');
    await order.pay(cards.declined);
    const declined = await eventually(async () => {
      const now = await order.read();
      return now.failure ? now : null;
    });
    expect(declined).toMatchObject({ state: 'awaiting_payment', failure: 'card_declined' });
    expect((await order.pay(cards.pays)).status).toBe(202);
    expect(await order.reaches('paid')).not.toHaveProperty('failure');
    expect(await noticesOf(order.id)).toEqual(['order-placed', 'payment-failed', 'order-paid']);
  });

  it('a provider that fails is 503, and the order stays as it is', async () => {
    const order = await place();
    const before = await order.read();
    const answer = await order.pay(cards.fails);
    expect(answer.status).toBe(503);
    expect(answer.body.type).toBe('urn:fairgate:problem:payment-unavailable');
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(await order.read()).toEqual({ ...before, failure: outageFailure });
    expect((await order.pay(cards.pays)).status).toBe(202);
    await order.reaches('paid');
  });

  it.each(['extend', 'cancel', 'payments'])('too large a body is 413: %s', async (call) => {
    const order = await place();
    const headers = { 'content-length': '200000' };
    const answer = await rig.call('POST', `${order.path}/${call}`, { key: order.key, headers });
    expect(answer.status).toBe(413);
    expect((await order.read()).state).toBe('awaiting_payment');
  });

  it('one payment at a time; no card that is none; no provider that is none', async () => {
    const order = await place();
    expect((await order.pay('1234')).status).toBe(400);
    expect((await order.pay('5555555555554444')).status).toBe(400);
    const json = { provider: 'stripe' };
    const stripe = await rig.call('POST', `${order.path}/payments`, { key: order.key, json });
    expect(stripe.status).toBe(503);
    expect((await order.pay(cards.slow)).status).toBe(202);
    expect((await order.pay(cards.pays)).status).toBe(409);
    expect((await order.cancel()).status).toBe(409);
  });

  it('takes a card as people type it, and no security code that is none', async () => {
    const order = await place();
    const pay = async (fields: object) => {
      const json = { provider: 'sandbox', card: '4242 4242-4242 4242', ...fields };
      return await rig.call('POST', `${order.path}/payments`, { key: order.key, json });
    };
    for (const cvc of ['12', '12345', 'abc']) {
      const answer = await pay({ cvc });
      expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'cvc']);
    }
    expect((await pay({ cvc: '1234' })).status).toBe(202);
    await order.reaches('paid');
  });

  it('a payment under way keeps its hold past the deadline', async () => {
    const order = await place();
    await order.pay(cards.slow);
    await order.runOut();
    await order.reaches('paid');
    expect(await unitState(order.unit)).toBe('sold');
  });

  it('of two payments that both succeed the second is given back', async () => {
    const order = await place();
    await order.pay(cards.slow);
    // As after a time-out of ours: the first counts as failed, though the provider took it.
    await rig.sql`update payments set state = 'failed' where order_id = ${order.id}`;
    await order.pay(cards.pays);
    await order.reaches('paid');
    await eventually(async () => (await paymentOf(order.id)).includes('refunded'));
    expect((await paymentOf(order.id)).sort()).toEqual(['refunded', 'succeeded']);
    expect((await order.read()).state).toBe('paid');
  });
});

describe('the end of a hold', () => {
  it('a hold that ran out is free again within 3 s', async () => {
    const order = await place();
    await order.runOut(0);
    const begun = Date.now();
    await order.reaches('expired', 3);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(await unitState(order.unit)).toBe('free');
    expect((await order.pay(cards.pays)).status).toBe(410);
    expect((await order.read()).items[0].units).toEqual([]);
  });

  it('cancelling gives the unit back, once', async () => {
    const order = await place();
    expect((await order.cancel()).body.order.state).toBe('cancelled');
    expect(await unitState(order.unit)).toBe('free');
    expect((await order.cancel()).status).toBe(200);
    expect((await ledgerOf(order.id)).filter((a) => a === 'order.cancelled')).toHaveLength(1);
    const reports = await rig.sql`
      select payload from outbox where topic = 'room' and payload->>'kind' = 'ended'
        and payload->>'jti' = (select jti from orders where id = ${order.id})`;
    expect(reports.map((row) => row.payload)).toMatchObject([{ taken: 1, returned: 1, max: 1 }]);
  });

  it('may be put off once', async () => {
    const order = await place();
    const before = await order.read();
    const extend = () => rig.call('POST', `${order.path}/extend`, { key: order.key });
    const { body } = await extend();
    expect(Date.parse(body.order.payBefore) - Date.parse(before.payBefore)).toBe(300_000);
    const again = await extend();
    expect([again.status, again.body.detail]).toEqual([409, 'It was extended before.']);
    await order.cancel();
    const over = await extend();
    expect([over.status, over.body.detail]).toEqual([409, 'The order is cancelled.']);
  });
});

describe('who may see an order', () => {
  it('is whoever holds its key, by header or cookie, and nobody else', async () => {
    const order = await place();
    const other = await place();
    const get = (headers: Record<string, string>) => rig.call('GET', order.path, { headers });
    expect((await get({})).status).toBe(401);
    expect((await get({ authorization: `Bearer ${other.key}` })).status).toBe(404);
    expect((await get({ authorization: 'Bearer x' })).status).toBe(404);
    const unknown = await rig.call('GET', '/v1/orders/ord_nothing', { key: order.key });
    expect(unknown.status).toBe(404);
    const cookie = `fg_order_${order.id}=${order.key}`;
    expect((await get({ cookie })).status).toBe(200);
    expect((await get({ cookie, origin: testOrigin })).status).toBe(200);
    const origin = 'https://evil.example';
    expect((await get({ authorization: `Bearer ${order.key}`, origin })).status).toBe(200);
    for (const path of [order.path, `${order.path}/events`, `/checkout/orders/${order.id}`]) {
      const foreign = await rig.call('GET', path, { headers: { cookie, origin } });
      expect({ path, status: foreign.status }).toEqual({ path, status: 403 });
    }
    const cancel = (headers: Record<string, string>) =>
      rig.call('POST', `${order.path}/cancel`, { headers });
    expect((await cancel({ cookie, origin: 'https://evil.example' })).status).toBe(403);
    const authorization = `Bearer ${order.key}`;
    expect((await cancel({ authorization, origin: 'https://shop.example' })).status).toBe(200);
    expect((await cancel({ cookie, origin: testOrigin })).status).toBe(200);
  });
});

describe('order events', () => {
  it('tell the order now and at each change, a refund too, and end with its last', async () => {
    const order = await place();
    const { response, text, ended } = await readStream(
      rig.services[1]!,
      `${order.path}/events`,
      order.key,
    );
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await eventually(async () => text().includes('event: order'));
    await order.pay(cards.declined);
    await eventually(async () => text().includes('card_declined'));
    // Slow enough that each change is looked at before the next.
    await order.pay(cards.slow);
    await eventually(async () => text().includes('"state":"paid"'));
    const refund = { key: rigInternalKey, json: { actor: 'key:key_1' } };
    const refunding = rig.call('POST', `/internal/orders/${order.id}/refund`, refund);
    expect((await Promise.all([refunding, ended]))[0].status).toBe(200);
    const seen = [...text().matchAll(/event: order\ndata: (.*)\n/g)].map((m) =>
      JSON.parse(m[1] ?? ''),
    );
    expect(seen.map((o) => [o.state, o.failure])).toEqual([
      ['awaiting_payment', undefined],
      ['awaiting_payment', 'card_declined'],
      ['awaiting_payment', undefined],
      ['paid', undefined],
      ['refunded', undefined],
    ]);
  });
});

describe('with the room’s Redis away', () => {
  it('shoppers buy all the same, and the reports wait in the outbox in order', async () => {
    const order = await place();
    await order.pay(cards.pays);
    await order.reaches('paid');
    const reports = await rig.sql`
      select payload->>'kind' as kind from outbox where topic = 'room'
        and payload->>'jti' = (select jti from orders where id = ${order.id}) order by id`;
    expect(reports.map((row) => row.kind)).toEqual(['spent', 'ended']);
  });
});
