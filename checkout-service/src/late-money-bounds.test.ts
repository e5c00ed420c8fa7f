import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import type { Rig } from './testing/checkout-rig.ts';
import { type LateOrder, type LateRig, makeLateRig } from './testing/late-rig.ts';
import { hear } from './testing/payment-rig.ts';

let lates: LateRig;
beforeAll(async () => {
  lates = await makeLateRig(await freshDatabaseUrl(afterAll), await freshRedisUrl(afterAll));
});
afterAll(() => lates.close());

const place = (order: LateOrder, at = 0) =>
  lates.here.work({ kind: 'late', paymentId: order.paymentIds[at] ?? '' });
const product = (rig: Rig, at = 0) => rig.products[at] ?? '';
const free = async (rig: Rig) => Object.values(await rig.stock()).map((it) => it.free);

describe('late money of several units', () => {
  it('buys every line again, each with as many units as before', async () => {
    const { rig, promised } = await lates.saleOf([3, 2], 5);
    const items = [
      { productId: product(rig, 0), quantity: 2 },
      { productId: product(rig, 1), quantity: 1 },
    ];
    const late = await lates.lateOrder(rig, { claims: { max: 3 }, items });
    await late.hearAll();
    await place(late);
    const { state, items: bought } = await late.read();
    expect(state).toBe('paid');
    expect(bought.map(({ units }: { units: string[] }) => units.length)).toEqual([2, 1]);
    expect(await free(rig)).toEqual([1, 1]);
    expect(await promised()).toBe(3);
  });

  it('buys none where one line cannot be had whole, and the promise comes back', async () => {
    const { rig, promised, report } = await lates.saleOf([3, 1], 4);
    const items = rig.products.map((productId) => ({ productId, quantity: 1 }));
    const late = await lates.lateOrder(rig, { claims: { max: 2 }, items });
    const held = { items: [{ productId: product(rig, 1), quantity: 1 }] };
    expect((await rig.redeem(await rig.token(), held)).status).toBe(201);
    await late.hearAll();
    await place(late);
    expect(await late.states()).toEqual(['refunding']);
    expect(await rig.stock()).toEqual({
      [product(rig, 0)]: { free: 3, held: 0, sold: 0 },
      [product(rig, 1)]: { free: 0, held: 1, sold: 0 },
    });
    expect(await promised()).toBe(2);
    await report(late);
    expect(await promised()).toBe(0);
  });
});

describe('a unit that late money may not have', () => {
  it('is one that a claim has locked: it is waited for, and bought when it stays free', async () => {
    const { rig } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    await rig.sql.begin(async (claim) => {
      await claim`select from units where product_id = ${product(rig)} for update`;
      expect(await place(late)).toMatchObject({ kind: 'again' });
      expect(await late.states()).toEqual(['late']);
    });
    expect(await place(late)).toEqual({ kind: 'done' });
    expect((await late.read()).state).toBe('paid');
  });

  it('is one of a product that the next sale offers, whose room promises it', async () => {
    const { rig } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await rig.sql`update sale_products set live = false where sale_id = ${rig.saleId}`;
    await rig.sql`
      insert into sale_products (sale_id, product_id, position)
      values (${newId('sale')}, ${product(rig)}, 0)`;
    await late.hearAll();
    await place(late);
    expect(await late.states()).toEqual(['refunding']);
    expect(await free(rig)).toEqual([1]);
  });
});

describe('the limits of a buyer whose money is late', () => {
  it.each([
    ['email', { unitsPerEmail: 1 }, {}],
    ['identity', {}, { identity: 'account-1' }],
  ] as const)('by %s hold, whatever the visitor', async (by, room, claims) => {
    const { rig } = await lates.saleOf(3, 3, room);
    const late = await lates.lateOrder(rig, { claims, email: 'One@example.org' });
    const email = by === 'email' ? 'one@example.org' : 'other@example.org';
    expect((await rig.redeem(await rig.token(claims), { email })).status).toBe(201);
    await late.hearAll();
    await place(late);
    expect(await late.states()).toEqual(['refunding']);
    expect((await late.ledger()).at(-1)?.detail).toMatchObject({ why: 'limit' });
    const rows = await rig.sql`select units from buyer_units where sale_id = ${rig.saleId}`;
    expect(rows.every(({ units }) => units <= 1)).toBe(true);
  });

  it('are those of its order: a limit that was lowered since takes nothing away', async () => {
    const { rig } = await lates.saleOf(2, 2, { maxUnitsPerShopper: 2 });
    const items = [{ productId: product(rig), quantity: 2 }];
    const late = await lates.lateOrder(rig, { claims: { max: 2 }, items });
    await rig.sql`
      update sales set room = jsonb_set(room, '{maxUnitsPerShopper}', '1') where id = ${rig.saleId}`;
    await late.hearAll();
    await place(late);
    expect((await late.read()).state).toBe('paid');
  });
});

describe('a promise to late money that the provider gave back by itself', () => {
  const givenBack = (rig: Rig, late: LateOrder, at = 0) =>
    hear(rig, late.paymentIds[at] ?? '', { state: 'refunded' });

  it('comes back with that news, once, however often it is heard or decided', async () => {
    const { rig, promised, promise, report } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    // An instance died between the promise and the claim.
    expect(await promise(late)).toBe('promised');
    expect(await givenBack(rig, late)).toBe(200);
    expect(await late.states()).toEqual(['refunded']);
    await report(late);
    expect(await promised()).toBe(0);
    await givenBack(rig, late);
    await place(late);
    await lates.here.sweep();
    await report(late);
    expect(await promised()).toBe(0);
    expect(await free(rig)).toEqual([1]);
  });

  it('comes back where the news came while the room was asked', async () => {
    const { rig, promised, promise, report } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig);
    await late.hearAll();
    await givenBack(rig, late);
    // Its report was for a room that is no more; this one is new, and promises.
    await rig.sql`delete from outbox where payload->>'jti' = ${`again:${late.id}`}`;
    expect(await promise(late)).toBe('promised');
    const { kind } = await lates.payments.placeLate(late.paymentId, 'promised', true);
    expect(kind).toBe('decided');
    await report(late);
    expect(await promised()).toBe(0);
  });

  it('stays for another late payment of the order, which buys with it', async () => {
    const { rig, promised, promise, report } = await lates.saleOf(1, 1);
    const late = await lates.lateOrder(rig, { count: 2 });
    await late.hearAll();
    expect(await promise(late)).toBe('promised');
    await givenBack(rig, late, 0);
    await report(late);
    expect(await promised()).toBe(1);
    await place(late, 1);
    expect((await late.read()).state).toBe('paid');
    // Heard again, and decided again: what was bought stays bought.
    await lates.payments.placeLate(late.paymentIds[0] ?? '', 'promised', true);
    await report(late);
    expect(await promised()).toBe(1);
    expect((await late.states()).sort()).toEqual(['refunded', 'succeeded']);
  });
});
