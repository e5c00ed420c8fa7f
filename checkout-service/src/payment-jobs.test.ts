import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, startOwnRedis } from '../../e2e/support/stores.ts';
import type { PaymentProvider } from './app/provider-ports.ts';
import { outageFailure } from './domain/payment-rules.ts';
import { eventually, makeRig, type Rig, rigInternalKey } from './testing/checkout-rig.ts';
import { makeSandbox, type SandboxRig } from './testing/sandbox-rig.ts';

let rig: Rig;
let sandbox: SandboxRig;
let jobs: { url: string; stop(): Promise<void> };
/** Refunds that the provider was asked for, and how many of the next it fails. */
const refunds: string[] = [];
let failing = 0;
let away = false;
beforeAll(async () => {
  sandbox = await makeSandbox(async (request) => await rig.services[0]!.fetch(request));
  jobs = await startOwnRedis();
  const provider: PaymentProvider = {
    ...sandbox.provider,
    async create(request) {
      return away ? { kind: 'unavailable', cause: 'away' } : await sandbox.provider.create(request);
    },
    async refund(payment) {
      refunds.push(payment.id);
      failing -= 1;
      if (failing >= 0) return { kind: 'unavailable', cause: 'away' };
      return await sandbox.provider.refund(payment);
    },
  };
  const databaseUrl = await freshDatabaseUrl(afterAll);
  const providers = [provider];
  const jobsRedisUrl = jobs.url;
  rig = await makeRig({
    databaseUrl,
    units: [50],
    instances: 2,
    providers,
    jobsRedisUrl,
    loops: true,
  });
});
afterAll(async () => {
  await rig.close();
  await sandbox.close();
  await jobs.stop();
});

async function place() {
  const { body } = await rig.redeem(await rig.token(), { email: 'jobs@example.org' });
  const { id } = body.order;
  const key: string = body.orderKey;
  const path = `/v1/orders/${id}`;
  const json = { provider: 'sandbox', card: '4242424242424242' };
  const read = async () => (await rig.call('GET', path, { key })).body.order;
  return {
    id: id as string,
    read,
    pay: () => rig.call('POST', `${path}/payments`, { key, json }),
    page: async () => (await rig.call('GET', `/checkout/orders/${id}`, { key })).body as string,
    reaches: (state: string) =>
      eventually(async () => ((await read()).state === state ? await read() : null)),
    payment: async () => (await rig.sql`select * from payments where order_id = ${id}`)[0],
    refund: (internal = rigInternalKey, json: object = { actor: 'key:key_1' }) =>
      rig.call('POST', `/internal/orders/${id}/refund`, { key: internal, json }),
  };
}
async function paidOrder() {
  const order = await place();
  await order.pay();
  await order.reaches('paid');
  return order;
}

describe('a refund by an admin', () => {
  it('frees the unit, sends the money back by a job, tells the room and the shopper', async () => {
    const order = await paidOrder();
    const before = await rig.stock();
    const answer = await order.refund(rigInternalKey, { actor: 'key:key_1', reason: 'rain' });
    expect(answer).toMatchObject({ status: 200, body: { order: { state: 'refunded' } } });
    const [product] = rig.products;
    expect((await rig.stock())[product!]!.free).toBe(before[product!]!.free + 1);
    await eventually(async () => (await order.payment())?.state === 'refunded');
    expect(refunds.filter((id) => id.startsWith('pay_'))).toHaveLength(1);
    const rows = await rig.sql`
      select payload from outbox where payload->>'orderId' = ${order.id}
        or payload->>'jti' = (select jti from orders where id = ${order.id}) order by id`;
    expect(rows.at(-2)?.payload).toMatchObject({ kind: 'ended', taken: 1, returned: 1 });
    expect(rows.at(-1)?.payload).toMatchObject({ notice: 'order-refunded' });
    const again = await order.refund();
    expect([again.status, again.body.order.state]).toEqual([200, 'refunded']);
    const ledger = await rig.sql`
      select actor, action, detail from ledger where order_id = ${order.id} order by id offset 3`;
    const paymentId = (await order.payment())?.id;
    const payment = { paymentId, amountMinor: 1_000 };
    expect(ledger).toEqual([
      { actor: 'key:key_1', action: 'order.refunded', detail: {} },
      { actor: 'key:key_1', action: 'payment.refunding', detail: payment },
      { actor: 'key:key_1', action: 'order.refund-reason', detail: { reason: 'rain' } },
      { actor: 'provider:sandbox', action: 'payment.refunded', detail: payment },
    ]);
  });

  it('is for paid orders, and for whoever has the internal key', async () => {
    const order = await place();
    const refused = await order.refund();
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      'The order is awaiting_payment; only a paid one is refunded.',
    ]);
    expect((await order.refund('x'.repeat(40))).status).toBe(401);
    expect((await order.refund(rigInternalKey, { actor: 'a b' })).status).toBe(400);
  });
});

describe('payment jobs', () => {
  it('are tried again with growing pauses until the provider answers', async () => {
    const order = await paidOrder();
    failing = 2;
    await order.refund();
    await eventually(async () => (await order.payment())?.state === 'refunded', 15);
    const { id } = (await order.payment()) ?? {};
    expect(refunds.filter((one) => one === id)).toHaveLength(3);
    const left = await rig.sql`select 1 from outbox where topic = 'payment'`;
    expect(left).toHaveLength(0);
  });

  it('that cannot be read are set aside, counted, and keep no other', async () => {
    await rig.sql`
      insert into outbox (topic, sale_id, payload, created_at)
      values ('payment', ${rig.saleId}, '{"kind": "of another time"}', now() - interval '1 hour')`;
    const order = await paidOrder();
    await order.refund();
    await eventually(async () => (await order.payment())?.state === 'refunded', 15);
    const [aside] = await rig.sql`select payload from outbox where topic = 'refused'`;
    expect(aside?.payload).toEqual({ kind: 'of another time' });
    const lines = async () => {
      const pages = [0, 1].map((instance) => rig.call('GET', '/metrics', { instance }));
      return (await Promise.all(pages)).map(({ body }) => body).join('\n');
    };
    expect(await lines()).toContain(
      'fairgate_payment_jobs_total{kind="unreadable",outcome="failed"} 1',
    );
    await eventually(async () =>
      (await lines()).includes('fairgate_outbox_rows{topic="refused"} 1'),
    );
    expect(await lines()).toMatch(/^fairgate_outbox_age_seconds\{topic="refused"\} 36\d\d/m);
  });

  it('that their Redis lost are found in Postgres', async () => {
    const order = await paidOrder();
    // As where the job was in a Redis that was emptied: no row of the outbox tells of it.
    await rig.sql`
      update payments set state = 'refunding', updated_at = now() - interval '20 s'
      where order_id = ${order.id}`;
    await eventually(async () => (await order.payment())?.state === 'refunded');
  });
});

describe('a provider that is away', () => {
  it('extends the hold so that a minute is left, ten in all, and the page says so', async () => {
    const order = await place();
    away = true;
    await rig.sql`update orders set pay_before = now() + interval '20 s' where id = ${order.id}`;
    expect((await order.pay()).status).toBe(503);
    const kept = await order.read();
    expect(kept).toMatchObject({ state: 'awaiting_payment', failure: outageFailure });
    const left = (Date.parse(kept.payBefore) - Date.now()) / 1_000;
    expect(left).toBeGreaterThan(50);
    expect(left).toBeLessThanOrEqual(61);
    expect(kept.outageSeconds).toBeGreaterThanOrEqual(39);
    const text = (await order.page()).replaceAll(/\s+/g, ' ');
    expect(text).toContain('The payment provider is away');
    expect(text).toContain(kept.payBefore.slice(11, 19));
    const reports = await rig.sql`
      select payload from outbox where payload->>'kind' = 'extended'
        and payload->>'jti' = (select jti from orders where id = ${order.id})`;
    expect(reports[0]?.payload.payBefore).toBe(Date.parse(kept.payBefore));
    await rig.sql`
      update orders set pay_before = now() + interval '5 s', outage_seconds = 595
      where id = ${order.id}`;
    await order.pay();
    expect((await order.read()).outageSeconds).toBe(600);
    await order.pay();
    expect((await order.read()).outageSeconds).toBe(600);
    away = false;
    expect((await order.pay()).status).toBe(202);
    expect(await order.reaches('paid')).not.toHaveProperty('failure');
  });
});

describe('with the jobs’ Redis away', () => {
  it('money goes back all the same, and shoppers buy', async () => {
    const order = await paidOrder();
    await jobs.stop();
    await order.refund();
    await rig.sql`
      update payments set updated_at = now() - interval '20 s' where order_id = ${order.id}`;
    await eventually(async () => (await order.payment())?.state === 'refunded');
    await paidOrder();
  });
});
