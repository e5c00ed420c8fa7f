import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { booksBalance, moneyBalances } from './faults/books.ts';
import {
  type CheckoutProcess,
  type Checkouts,
  startCheckouts,
} from './faults/checkout-processes.ts';
import { type FaultSale, seedSale, type TestToken } from './faults/sale.ts';
import type { Trap } from './faults/tcp-proxy.ts';
import { openRoom } from './faults/test-room.ts';
import { buy, cards, orderInState, type Purchase } from './support/checkout-client.ts';
import { type Answer, answered, call } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { paymentShape, type RedemptionAnswer, redemptionShape } from './support/shapes.ts';
import { waitFor } from './support/wait.ts';

let checkouts: Checkouts;
beforeAll(async () => {
  checkouts = await startCheckouts();
});
afterEach(() => checkouts.mend());
afterAll(() => checkouts?.stop());

type Shopper = TestToken & { sale: FaultSale; purchase: Purchase };

async function shopper(): Promise<Shopper> {
  const sale = await seedSale(checkouts.sql, { units: 3 });
  const made = await checkouts.token(sale.saleId);
  const purchase = {
    token: made.token,
    productId: sale.productId,
    idempotencyKey: `key-of-${made.jti}`,
  };
  return { ...made, sale, purchase };
}

/** The answer, or nothing where the connection died. */
const heard = (asking: Promise<Answer>) => asking.catch(() => undefined);
const claimOf = ({ jti }: TestToken) => `"jti":"${jti}"`;
const isStored = async ({ jti }: TestToken) =>
  (await checkouts.sql`select from redemptions where jti = ${jti}`).length === 1;

/** Both instances, the killed one after its restart, give the one order that there is. */
async function sameOrderFromBoth(one: Shopper): Promise<RedemptionAnswer> {
  const { first, second, sql } = checkouts;
  const given = answered(await second.shopper.tryRedeem(one.purchase), 201, redemptionShape);
  await checkouts.mend();
  const again = await first.shopper.tryRedeem(one.purchase);
  expect(answered(again, 201, redemptionShape)).toEqual(given);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(await booksBalance(sql, one.sale)).toMatchObject({ orders: 1, held: 1, free: 2 });
  return given;
}

async function paidOnce(one: Shopper, redeemed: RedemptionAnswer): Promise<void> {
  await orderInState(checkouts.second.shopper, redeemed, 'paid', 20);
  await checkouts.mend();
  await orderInState(checkouts.first.shopper, redeemed, 'paid', 20);
  expect(await booksBalance(checkouts.sql, one.sale)).toMatchObject({ orders: 1, sold: 1 });
  await moneyBalances(checkouts, one.sale);
}

/** Arms the same trap on both instances; tells which of them ran into it. */
function trapBoth(arm: (of: CheckoutProcess) => Trap) {
  const { first, second } = checkouts;
  const [inFirst, inSecond] = [arm(first), arm(second)];
  return async () => {
    const caught = await Promise.race([
      inFirst.caught.then(() => first),
      inSecond.caught.then(() => second),
    ]);
    for (const trap of [inFirst, inSecond]) trap.disarm();
    return { caught, other: caught === first ? second : first };
  };
}

test('killed before the claim reached Postgres: nothing was spent, and the same key makes the order', async () => {
  const one = await shopper();
  const { first } = checkouts;
  const trap = first.ways.postgres.trap({
    on: 'to-server',
    bytes: claimOf(one),
    hold: 'to-server',
  });
  const answer = heard(first.shopper.tryRedeem(one.purchase));
  await trap.caught;
  await first.kill();
  expect(await answer).toBeUndefined();
  expect(await isStored(one)).toBe(false);
  await sameOrderFromBoth(one);
});

test('killed after the claim was committed: the same key gives the order that was made', async () => {
  const one = await shopper();
  const { first } = checkouts;
  const trap = first.ways.postgres.trap({
    on: 'to-server',
    bytes: claimOf(one),
    hold: 'to-client',
  });
  const answer = heard(first.shopper.tryRedeem(one.purchase));
  await trap.caught;
  await waitFor('the order being committed', 5, () => isStored(one));
  await first.kill();
  expect(await answer).toBeUndefined();
  await sameOrderFromBoth(one);
});

test('killed when the answer was on its way: the shopper asks again and has the same answer', async () => {
  const one = await shopper();
  const { first } = checkouts;
  const trap = first.ways.http.trap({
    on: 'to-client',
    bytes: 'HTTP/1.1 201',
    hold: 'to-client',
  });
  const answer = heard(first.shopper.tryRedeem(one.purchase));
  await trap.caught;
  await first.kill();
  expect(await answer).toBeUndefined();
  await sameOrderFromBoth(one);
});

test('killed around the call to the provider: asked or not, the order is paid once in the end', async () => {
  const { first, second } = checkouts;
  const [notAsked, asked] = [await shopper(), await shopper()];
  const orders = [];
  for (const it of [notAsked, asked]) orders.push(await first.shopper.redeem(it.purchase));
  const [unasked, unheard] = orders as [RedemptionAnswer, RedemptionAnswer];
  const pays = (it: RedemptionAnswer, card: string) =>
    heard(first.shopper.tryPay(it.order.id, it.orderKey, card));
  const question = { on: 'to-server', bytes: 'POST /v1/payments' } as const;
  const held = first.ways.sandbox.trap({ ...question, hold: 'to-server' });
  const payments = [pays(unasked, cards.pays)];
  await held.caught;
  const arrived = first.ways.sandbox.trap({ ...question, hold: 'to-client' });
  payments.push(pays(unheard, cards.paysAfter3Seconds));
  await arrived.caught;
  await first.kill();
  expect(await Promise.all(payments)).toEqual([undefined, undefined]);

  // It is not known whether the provider was asked: until it is, nobody is charged again.
  const retry = () => second.shopper.tryPay(unasked.order.id, unasked.orderKey, cards.pays);
  expectProblem(await retry(), 'conflict');
  await paidOnce(asked, unheard);
  const again = await waitFor('the payment that never was being given up', 30, async () => {
    const answer = await retry();
    return answer.status === 202 ? answer : undefined;
  });
  answered(again, 202, paymentShape);
  await paidOnce(notAsked, unasked);
});

test('killed before a webhook was committed: it comes again, and the order is paid once', async () => {
  const one = await shopper();
  const redeemed = await checkouts.first.shopper.redeem(one.purchase);
  const trapped = trapBoth(({ ways }) =>
    ways.postgres.trap({ on: 'to-server', bytes: 'evt_', hold: 'to-server' }),
  );
  await checkouts.first.shopper.pay(redeemed.order.id, redeemed.orderKey);
  await (await trapped()).caught.kill();
  await checkouts.mend();
  await paidOnce(one, redeemed);
});

test('killed after a webhook was committed, before its 200: it comes again and changes nothing', async () => {
  const one = await shopper();
  const redeemed = await checkouts.first.shopper.redeem(one.purchase);
  const paidVersion = async () => {
    const rows = await checkouts.sql`
      select version from orders where id = ${redeemed.order.id} and state = 'paid'`;
    return rows[0]?.version as number | undefined;
  };
  const trapped = trapBoth(({ ways }) =>
    ways.http.trap({ on: 'to-server', bytes: 'POST /webhooks/sandbox', hold: 'to-client' }),
  );
  await checkouts.first.shopper.pay(redeemed.order.id, redeemed.orderKey);
  const { caught, other } = await trapped();
  const version = await waitFor('the payment being committed', 5, paidVersion);
  const repeated = other.ways.http.trap({
    on: 'to-client',
    bytes: '{"received":true}',
    hold: 'to-client',
  });
  await caught.kill();
  await repeated.caught;
  repeated.release();
  await checkouts.mend();
  await paidOnce(one, redeemed);
  expect(await paidVersion()).toBe(version);
});

for (const { step, hold } of [
  { step: 'before the room heard of it', hold: 'to-server' },
  { step: 'when the room had taken it and it was not deleted', hold: 'to-client' },
] as const) {
  test(`killed with a report written, ${step}: the room counts it once`, async () => {
    const one = await shopper();
    const { saleId } = one.sale;
    const { figures } = await openRoom(checkouts.redisUrl, one.sale);
    const before = await figures();
    const trapped = trapBoth(({ ways }) =>
      ways.redis.trap({ on: 'to-server', bytes: one.jti, hold }),
    );
    await checkouts.first.shopper.redeem(one.purchase);
    const { caught } = await trapped();
    const heardOf = hold === 'to-client' ? 1 : 0;
    await waitFor('the room', 5, async () => (await figures()).redeemed === heardOf);
    await caught.kill();
    const outbox = () =>
      checkouts.sql`select from outbox where topic = 'room' and sale_id = ${saleId}`;
    await checkouts.mend();
    await waitFor('the report being relayed', 10, async () => (await outbox()).length === 0);
    const { redeemed, outstanding, active } = await figures();
    expect(redeemed).toBe(before.redeemed + 1);
    expect(outstanding).toBe(before.outstanding + 1);
    expect(active).toBe(before.active + 1);
    await booksBalance(checkouts.sql, one.sale);
  });
}

for (const { step, hold } of [
  { step: 'before the provider heard of it', hold: 'to-server' },
  { step: 'when the provider had given it back and nobody heard so', hold: 'to-client' },
] as const) {
  test(`killed in the middle of a refund, ${step}: the money goes back once`, async () => {
    const one = await shopper();
    const { order } = await buy(checkouts.first.shopper, one.purchase);
    const { sql, secrets, first } = checkouts;
    const trapped = trapBoth(({ ways }) =>
      ways.sandbox.trap({ on: 'to-server', bytes: '/refunds', hold }),
    );
    const asked = await call(`${first.url}/internal/orders/${order.id}/refund`, {
      method: 'POST',
      bearer: secrets.internal,
      json: { actor: 'key:test' },
    });
    expect(asked.status).toBe(200);
    await (await trapped()).caught.kill();
    await checkouts.mend();
    await waitFor('the money being back', 40, async () => {
      const [row] = await sql`select state from payments where order_id = ${order.id}`;
      return row?.state === 'refunded';
    });
    expect(await booksBalance(sql, one.sale)).toMatchObject({ orders: 1, free: 3 });
    await moneyBalances(checkouts, one.sale);
    const lines = await sql`
      select 1 from ledger where order_id = ${order.id} and action = 'payment.refunded'`;
    expect(lines).toHaveLength(1);
  });
}

for (const { step, hold } of [
  { step: 'before the room promised units', hold: 'to-server' },
  { step: 'when the room had promised units and nobody heard so', hold: 'to-client' },
] as const) {
  test(`killed while it placed late money, ${step}: it buys once, by one promise`, async () => {
    const one = await shopper();
    const { figures } = await openRoom(checkouts.redisUrl, one.sale);
    const before = await figures();
    const redeemed = await checkouts.first.shopper.redeem(one.purchase);
    const { id } = redeemed.order;
    const trapped = trapBoth(({ ways }) =>
      ways.redis.trap({ on: 'to-server', bytes: `again:${id}`, hold }),
    );
    await checkouts.first.shopper.pay(id, redeemed.orderKey, cards.paysAfter3Seconds);
    await checkouts.sql`
      update orders set pay_before = now() - interval '100 s' where id = ${id}`;
    await orderInState(checkouts.second.shopper, redeemed, 'expired', 3);
    await (await trapped()).caught.kill();
    await checkouts.mend();
    await paidOnce(one, redeemed);
    await waitFor('the room having heard of it', 10, async () => {
      const { outstanding, redeemed: spent } = await figures();
      return outstanding === before.outstanding + 1 && spent === before.redeemed + 1;
    });
  });
}
