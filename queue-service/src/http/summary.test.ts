import { blockedKey } from '@fairgate/shared/bans/suspects.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { beforeEach, expect, it } from 'vitest';
import { anOrder, aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
let saleId: string;
let productId: string;
beforeEach(async () => {
  service = await testService();
  const sale = {
    name: 'Pens',
    startsAt: iso(startMs),
    publish: true,
    room: { admitPerMinute: 600_000 },
  };
  ({ saleId, productId } = await aSale(service, sale, { name: '=cmd, "quoted"' }));
  await service.room.join(saleId, ['a', 'b', 'c'].map(newcomer));
  await service.call('POST', `/v1/sales/${saleId}/pause`);
  await service.room.advance(saleId, 0);
  await service.pass(20_000);
  await service.call('POST', `/v1/sales/${saleId}/resume`);
  await service.room.advance(saleId, 0);
  for (const visitor of ['a', 'b']) await service.room.take(saleId, visitor, 1, `jti-${visitor}`);
});

const spend = async (visitor: string, state: 'paid' | 'awaiting_payment') => {
  const jti = `jti-${visitor}`;
  const order = await anOrder(service, { saleId, productId, jti, state });
  const report = { visitor, jti, number: 1, max: 1, taken: 1, returned: 0 };
  const payBefore = startMs + 300_000;
  await service.room.settle(saleId, [{ ...report, kind: 'spent', seq: 1, payBefore }]);
  if (state === 'paid') {
    await service.room.settle(saleId, [{ ...report, kind: 'ended', seq: 2, payBefore }]);
  }
  return order;
};

/** The clock of the tests is in it too. */
const emptyRedis = async () => {
  await service.redis.flushall();
  await service.setClock();
};

it('tells what was sold, to how many of those who came, and how long they waited', async () => {
  await spend('a', 'paid');
  await spend('b', 'awaiting_payment');
  await service.keeper.renewPictures();
  const { status, body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(status).toBe(200);
  const counts = { total: 5, free: 3, held: 1, sold: 1 };
  expect(body.products).toEqual([
    {
      productId,
      name: '=cmd, "quoted"',
      ...counts,
      revenueMinor: 1_250,
      currency: 'EUR',
      soldInSale: 1,
      refundedMinor: 0,
    },
  ]);
  const money = { revenueMinor: 1_250, refundedMinor: 0, currency: 'EUR' };
  expect(body.totals).toEqual({ ...counts, ...money });
  expect(body.orders).toEqual({
    ...{ paid: 1, awaitingPayment: 1, expired: 0, cancelled: 0, refunded: 0 },
  });
  expect(body).toMatchObject({ state: 'open', blocked: {} });
  expect(body.reconciliation).toEqual({ checkedAt: iso(startMs + 20_000), differences: [] });
  const curve = body.sellThrough as { at: string; sold: number; paid: number }[];
  expect(curve.length).toBeLessThanOrEqual(200);
  expect(curve.at(0)).toMatchObject({ sold: 0, paid: 0 });
  expect(curve.at(-1)).toMatchObject({ sold: 2, paid: 1 });
  expect(body.funnel).toEqual({
    joined: 3,
    admitted: 3,
    issued: 2,
    redeemed: 2,
    paid: 1,
    expired: 0,
    abandoned: 0,
    blocked: 0,
  });
  expect(body.reconciled).toBe(true);
  const { p50Seconds, p95Seconds } = body.waits as Record<string, number>;
  expect(p50Seconds).toBeGreaterThan(16);
  expect(p95Seconds).toBeLessThan(24);
  const { histogram } = body.waits as { histogram: { fromSeconds: number; count: number }[] };
  expect(histogram).toEqual([{ fromSeconds: 17, count: 3 }]);
});

it('names the product and the figures where the ledger and the tables disagree', async () => {
  const { orderId } = await spend('a', 'paid');
  await service.keeper.renewPictures();
  await service.database.sql`
    update order_lines set unit_price_minor = 1251 where order_id = ${orderId}`;
  await service.database.sql`update units set state = 'held' where order_id = ${orderId}`;
  const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  const { differences } = body.reconciliation as { differences: string[] };
  const name = `=cmd, "quoted" (${productId})`;
  expect(differences).toContain(
    `${name}, orders paid: 1 units for 1250 minor units of money by the ledger, ` +
      `1 units for 1251 minor units of money in the table of orders.`,
  );
  expect(differences).toContain(
    `${name}: the stock has 1 units held and 0 sold for orders of this sale, ` +
      `the orders have 0 and 1.`,
  );
});

it('tells a sale apart from the next one of the same product', async () => {
  await spend('a', 'paid');
  await service.pass(1_000);
  await service.call('POST', `/v1/sales/${saleId}/close`);
  await service.pass(1_000);
  const again = { name: 'Again', productIds: [productId], startsAt: iso(startMs), publish: true };
  const next = String((await service.call('POST', '/v1/sales', again)).body.id);
  await anOrder(service, { saleId: next, productId, jti: 'jti-next', state: 'paid' });
  await anOrder(service, { saleId: next, productId, jti: 'jti-next-2', state: 'paid' });
  await service.keeper.renewPictures();
  const figures = async (id: string) => {
    const { body } = await service.call('GET', `/v1/sales/${id}/summary`);
    const { differences } = body.reconciliation as { differences: string[] };
    expect(differences.filter((text) => !text.startsWith('Tokens redeemed'))).toEqual([]);
    return (body.products as Record<string, unknown>[])[0];
  };
  const stock = { total: 5, free: 2, sold: 3 };
  expect(await figures(saleId)).toMatchObject({ ...stock, soldInSale: 1, revenueMinor: 1_250 });
  expect(await figures(next)).toMatchObject({ ...stock, soldInSale: 2, revenueMinor: 2_500 });
});

it('is not reconciled while Redis has not heard of an order', async () => {
  await anOrder(service, { saleId, productId, jti: 'jti-a', state: 'paid' });
  const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(body).toMatchObject({ reconciled: false, products: [{ sold: 1 }] });
  const { differences } = body.reconciliation as { differences: string[] };
  expect(differences[0]).toMatch(
    new RegExp(`${productId}.*5 units free.* in Redis, 4 units free, 0 held, 1 sold in Postgres`),
  );
});

it('is CSV where that is asked for, and runs nothing in a spreadsheet', async () => {
  const accept = { accept: 'text/csv' };
  const { headers, body } = await service.call(
    'GET',
    `/v1/sales/${saleId}/summary`,
    undefined,
    accept,
  );
  expect(headers.get('content-type')).toMatch(/^text\/csv/);
  expect(headers.get('vary')).toBe('accept');
  const [header, row] = String(body.text).split('\r\n');
  expect(header).toMatch(/^productId,name,total,free,held,sold,revenueMinor,currency,/);
  expect(row).toMatch(
    new RegExp(`^${productId},"'=cmd, ""quoted""",5,5,0,0,0,EUR,${saleId},3,3,2,`),
  );
});

it('remembers the room after Redis was emptied', async () => {
  await spend('a', 'paid');
  await service.keeper.keepRooms();
  await emptyRedis();
  const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(body).toMatchObject({ funnel: { joined: 3, admitted: 3, issued: 2, redeemed: 1 } });
  expect(body.waits).not.toEqual({ p50Seconds: null, p95Seconds: null });
});

it('waits of before a loss count on in the room that begins again', async () => {
  await service.keeper.keepRooms();
  await emptyRedis();
  await service.keeper.keepRooms();
  const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(body.waits).toMatchObject({ histogram: [{ fromSeconds: 17, count: 3 }] });
});

it('counts what was blocked and why, though Redis is emptied in between', async () => {
  const key = blockedKey(saleId);
  const block = (reason: string, count: number) => service.redis.hincrby(key, reason, count);
  const blocked = async () => {
    const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
    return { blocked: body.blocked, sum: (body.funnel as { blocked: number }).blocked };
  };
  await block('banned', 3);
  await block('rate-limited', 4);
  await service.keeper.keepRooms();
  await emptyRedis();
  expect(await blocked()).toEqual({ blocked: { banned: 3, 'rate-limited': 4 }, sum: 7 });
  await block('banned', 2);
  expect(await blocked()).toEqual({ blocked: { banned: 5, 'rate-limited': 4 }, sum: 9 });
  // The room begins again; then the counts are whole, once, however many look.
  await service.keeper.keepRooms();
  await Promise.all([service.keeper.keepRooms(), service.keeper.keepRooms()]);
  expect(await service.redis.hget(key, 'banned')).toBe('5');
  expect(await service.redis.ttl(key)).toBeGreaterThan(59 * 86_400);
  await block('rate-limited', 1);
  await service.pass(1_000);
  await service.keeper.keepRooms();
  await emptyRedis();
  expect(await blocked()).toEqual({ blocked: { banned: 5, 'rate-limited': 5 }, sum: 10 });
});

it('a sale of a minute and one of a week have a curve that ends with what was sold', async () => {
  await spend('a', 'paid');
  await spend('b', 'awaiting_payment');
  for (const seconds of [60, 7 * 86_400]) {
    const other = await aSale(service, { startsAt: iso(startMs), publish: true });
    const { sql } = service.database;
    const line = async (order: string, action: string, share: number) => {
      const at = iso(startMs + share * seconds * 1_000);
      const items = [{ productId: other.productId, quantity: 1, unitPriceMinor: 1 }];
      const again = action === 'order.paid' && order === 'ord_2' ? { boughtAgain: true } : {};
      const detail = JSON.stringify(action === 'order.placed' ? { items } : again);
      await sql`
        insert into ledger (at, actor, action, sale_id, order_id, unit_ids, detail)
        values (${at}::text::timestamptz, 'visitor:x', ${action}, ${other.saleId}, ${`${order}-${seconds}`},
          array[${order}], ${detail}::text::jsonb)`;
    };
    await line('ord_1', 'order.placed', 0);
    await line('ord_2', 'order.placed', 0.25);
    await line('ord_1', 'order.paid', 0.5);
    await line('ord_2', 'order.expired', 0.75);
    await line('ord_2', 'order.paid', 0.9);
    await line('ord_1', 'order.refunded', 1);
    const { body } = await service.call('GET', `/v1/sales/${other.saleId}/summary`);
    const curve = body.sellThrough as { at: string; sold: number; paid: number }[];
    const at = (share: number) => {
      const found = curve.find((one) => Date.parse(one.at) >= startMs + share * seconds * 1_000);
      return found && { sold: found.sold, paid: found.paid };
    };
    expect(curve).toHaveLength(200);
    expect([at(0), at(0.1), at(0.3), at(0.6), at(0.8), at(0.95), at(1)]).toEqual([
      { sold: 0, paid: 0 },
      { sold: 1, paid: 0 },
      { sold: 2, paid: 0 },
      { sold: 2, paid: 1 },
      { sold: 1, paid: 1 },
      { sold: 2, paid: 2 },
      { sold: 1, paid: 1 },
    ]);
    expect(curve.at(-1)?.at).toBe(iso(startMs + seconds * 1_000));
  }
});

it('orders are listed by sale and state, and read one by one', async () => {
  const { orderId, unitId } = await spend('a', 'paid');
  await spend('b', 'awaiting_payment');
  const list = await service.call('GET', `/v1/orders?saleId=${saleId}&state=paid`);
  const items = [{ productId, quantity: 1, unitPriceMinor: 1_250, units: [unitId] }];
  const order = { id: orderId, saleId, state: 'paid', items, totalMinor: 1_250 };
  expect(list.body).toMatchObject({ items: [order], nextCursor: null });
  expect((await service.call('GET', `/v1/orders/${orderId}`)).body).toMatchObject(order);
  const page = await service.call('GET', '/v1/orders?limit=1');
  expect(page.body.items).toHaveLength(1);
  expect(page.body.nextCursor).toMatch(/^ord_/);
});
