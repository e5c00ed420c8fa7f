import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import type { PaymentJobs } from './app/payment-jobs.ts';
import { type LateRig, makeLateRig } from './testing/late-rig.ts';

let lates: LateRig;
let here: PaymentJobs;
let there: PaymentJobs;
beforeAll(async () => {
  lates = await makeLateRig(await freshDatabaseUrl(afterAll), await freshRedisUrl(afterAll));
  ({ here, there } = lates);
});
afterAll(() => lates.close());

describe('money that comes after the order expired', () => {
  it('buys the units again where they are free and promised to nobody', async () => {
    const { rig, promised } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    expect(await late.states()).toEqual(['late']);
    await here.work({ kind: 'late', paymentId: late.paymentId });
    const order = await late.read();
    expect(order).toMatchObject({ state: 'paid', items: [{ quantity: 1 }] });
    expect(order.items[0].units).toHaveLength(1);
    expect(await late.states()).toEqual(['succeeded']);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 0, held: 0, sold: 1 } });
    expect(await promised()).toBe(1);
    expect(await late.againReports()).toMatchObject([{ kind: 'bought', max: 1, taken: 1 }]);
    expect((await late.told('job')).map((job) => job.notice)).toEqual([
      'order-placed',
      'order-expired',
      'order-paid',
    ]);
    expect(await late.actions()).toEqual(
      expect.arrayContaining(['order.expired', 'payment.late', 'order.paid']),
    );
    expect((await late.ledger()).at(-1)?.detail).toEqual({
      paymentId: late.paymentId,
      amountMinor: 1_000,
      boughtAgain: true,
    });
    const [buyer] = await rig.sql`
      select units from buyer_units where sale_id = ${rig.saleId} and kind = 'visitor'`;
    expect(buyer?.units).toBe(1);
    await late.hearAll();
    await there.sweep();
    expect(await late.states()).toEqual(['succeeded']);
  });

  it('goes back where all is sold', async () => {
    const { rig, promised, report } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    expect((await rig.redeem(await rig.token())).status).toBe(201);
    await late.hearAll();
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
    expect((await late.read()).state).toBe('expired');
    const given = { kind: 'ended', max: 1, taken: 0, returned: 0 };
    expect(await late.againReports()).toMatchObject([given]);
    await report(late);
    expect(await promised()).toBe(0);
    expect((await late.told('job')).at(-1)).toMatchObject({ notice: 'payment-refunded' });
  });

  it('goes back where a unit is free, but promised to someone who was let in', async () => {
    const { rig } = await lates.saleOf(1, 0);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 1, held: 0, sold: 0 } });
  });

  it('goes back where the shopper has bought as much as they may meanwhile', async () => {
    const { rig } = await lates.saleOf(2, 2);
    const late = await lates.lateOrder(rig, { claims: { sub: 'twice' } });
    expect((await rig.redeem(await rig.token({ sub: 'twice' }))).status).toBe(201);
    await late.hearAll();
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
  });

  it('is decided once by two instances at the same time', async () => {
    const { rig, promised } = await lates.saleOf(8, 8);
    const orders = [];
    for (let i = 0; i < 4; i += 1) orders.push(await lates.lateOrder(rig));
    for (const late of orders) await late.hearAll();
    const jobs = orders.map(({ paymentId }) => ({ kind: 'late', paymentId }) as const);
    const outcomes = await Promise.all(
      jobs.flatMap((job) => [here.work(job), there.work(job), here.work(job)]),
    );
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
    for (const late of orders) {
      expect(await late.states()).toEqual(['succeeded']);
      expect((await late.actions()).filter((action) => action === 'order.paid')).toHaveLength(1);
    }
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 4, held: 0, sold: 4 } });
    expect(await promised()).toBe(4);
  });

  it('of two payments of one order buys once, and the other goes back', async () => {
    const { rig, promised } = await lates.saleOf(4, 4);
    const late = await lates.lateOrder(rig, { count: 2 });
    await late.hearAll();
    await Promise.all(
      late.paymentIds.map((paymentId, i) => (i ? there : here).work({ kind: 'late', paymentId })),
    );
    await here.sweep();
    expect((await late.states()).sort()).toEqual(['refunded', 'succeeded']);
    expect((await late.read()).state).toBe('paid');
    expect(await promised()).toBe(1);
    expect((await late.againReports()).map((report) => report.kind)).toEqual(['bought']);
  });

  it('is decided by another instance where one died between promise and claim', async () => {
    const { rig, promised, promise } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    expect(await promise(late)).toBe('promised');
    await there.work({ kind: 'late', paymentId: late.paymentId });
    expect((await late.read()).state).toBe('paid');
    expect(await promised()).toBe(1);
  });

  it('waits for a room that cannot be reached, a minute at most, and then goes back', async () => {
    const { rig } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    const job = { kind: 'late', paymentId: late.paymentId } as const;
    expect((await lates.roomless.work(job)).kind).toBe('again');
    expect(await late.states()).toEqual(['late']);
    await rig.sql`
      update payments set updated_at = now() - interval '61 s' where id = ${late.paymentId}`;
    expect((await lates.roomless.work(job)).kind).toBe('done');
    expect(await late.states()).toEqual(['refunding']);
    // The promise may have been made, and its answer lost: it comes back all the same.
    expect(await late.againReports()).toMatchObject([{ kind: 'ended', taken: 0, returned: 0 }]);
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
  });

  it('that bought again can be refunded, and the promise comes back with the unit', async () => {
    const { rig, promised, report } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    await here.sweep();
    expect((await late.read()).state).toBe('paid');
    expect((await lates.orders.refund(late.id, { actor: 'key:k', reason: null }))?.kind).toBe(
      'ended',
    );
    const last = (await late.againReports()).at(-1);
    expect(last).toMatchObject({ kind: 'ended', max: 1, taken: 1, returned: 1 });
    await report(late);
    expect(await promised()).toBe(0);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 1, held: 0, sold: 0 } });
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
  });
});
