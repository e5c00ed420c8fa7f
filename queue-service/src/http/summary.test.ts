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

it('tells what was sold, to how many of those who came, and how long they waited', async () => {
  await spend('a', 'paid');
  await spend('b', 'awaiting_payment');
  await service.keeper.renewPictures();
  const { status, body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(status).toBe(200);
  const counts = { total: 5, free: 3, held: 1, sold: 1 };
  expect(body.products).toEqual([
    { productId, name: '=cmd, "quoted"', ...counts, revenueMinor: 1_250, currency: 'EUR' },
  ]);
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
});

it('is not reconciled while Redis has not heard of an order', async () => {
  await anOrder(service, { saleId, productId, jti: 'jti-a', state: 'paid' });
  const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(body).toMatchObject({ reconciled: false, products: [{ sold: 1 }] });
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
  await service.redis.flushall();
  const { body } = await service.call('GET', `/v1/sales/${saleId}/summary`);
  expect(body).toMatchObject({ funnel: { joined: 3, admitted: 3, issued: 2, redeemed: 1 } });
  expect(body.waits).not.toEqual({ p50Seconds: null, p95Seconds: null });
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
