import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anOrder,
  aSale,
  iso,
  pen,
  type Service,
  startMs,
  testService,
} from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const slug = (answer: { status: number; body: Record<string, unknown> }) =>
  `${answer.status} ${String(answer.body.type).split(':').at(-1)}`;
const newProduct = async (changes = {}) =>
  String((await call('POST', '/v1/products', { ...pen, ...changes })).body.id);

describe('sales', () => {
  it('begin as drafts, with every setting filled in', async () => {
    await service.pass(1);
    const productId = await newProduct();
    const input = { name: 'Pens', productIds: [productId], startsAt: '2031-01-01T00:00:00+02:00' };
    const made = await call('POST', '/v1/sales', { ...input, room: { maxActive: 3 } });
    expect(made.status).toBe(201);
    expect(made.headers.get('etag')).toBe('"v1"');
    expect(made.body).toMatchObject({
      state: 'draft',
      mode: 'fifo',
      currency: 'EUR',
      startsAt: '2030-12-31T22:00:00.000Z',
      endsAt: null,
      productIds: [productId],
      room: { maxActive: 3, admitPerMinute: 600, tokenSeconds: 120, guaranteeStock: true },
    });
    const { warnings: _, ...sale } = made.body;
    expect((await call('GET', `/v1/sales/${made.body.id}`)).body).toEqual(sale);
    expect(await service.room.figures(String(made.body.id))).toBeNull();
    const list = await call('GET', '/v1/sales?limit=1');
    expect(list.body).toMatchObject({ items: [{ id: made.body.id }] });
  });

  it('change in every field while they are drafts', async () => {
    const { saleId } = await aSale(service);
    const productIds = [
      await newProduct({ currency: 'USD' }),
      await newProduct({ currency: 'USD' }),
    ];
    const startsAt = iso(startMs + 5_000);
    const endsAt = iso(startMs + 9_000);
    const changes = { name: 'Other', productIds, startsAt, endsAt, mode: 'lottery' };
    const patched = await call('PATCH', `/v1/sales/${saleId}`, {
      ...changes,
      room: { maxActive: 1 },
    });
    expect(patched.status).toBe(200);
    expect(patched.headers.get('etag')).toBe('"v2"');
    expect(patched.body).toMatchObject({ ...changes, currency: 'USD', room: { maxActive: 1 } });
    const cleared = await call('PATCH', `/v1/sales/${saleId}`, { endsAt: null });
    expect(cleared.body).toMatchObject({ endsAt: null, name: 'Other' });
    expect((await call('POST', `/v1/sales/${saleId}/publish`)).status).toBe(200);
  });

  it('are kept from being changed by who has not seen the last change', async () => {
    const { saleId } = await aSale(service);
    const stale = { 'if-match': '"v7"' };
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'x' }],
      ['PATCH', '/room', { maxActive: 4 }],
      ['POST', '/publish', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      const answer = await call(method, `/v1/sales/${saleId}${path}`, body, stale);
      expect(slug(answer)).toBe('412 precondition-failed');
    }
    expect((await call('GET', `/v1/sales/${saleId}`)).headers.get('etag')).toBe('"v1"');
  });

  it('keep their version where a change changes nothing', async () => {
    const { saleId, productId } = await aSale(service);
    const path = `/v1/sales/${saleId}`;
    const startsAt = iso(startMs + 60_000);
    const same = { name: 'Pens', productIds: [productId], startsAt, endsAt: null };
    for (const patch of [{}, { room: {} }, { ...same, room: { maxActive: 500 } }]) {
      const answer = await call('PATCH', path, patch);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"v1"']);
    }
    for (const patch of [{}, { maxActive: 500 }]) {
      const answer = await call('PATCH', `${path}/room`, patch);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"v1"']);
    }
    const rows = await service.database.sql`
      select action from ledger where sale_id = ${saleId}`;
    expect(rows.map((row) => row.action)).toEqual(['sale.created']);
    const other = await call('PATCH', `${path}/room`, { maxActive: 501 });
    expect(other.headers.get('etag')).toBe('"v2"');
  });

  it('share no product while neither is closed', async () => {
    const { saleId, productId } = await aSale(service);
    const other = { name: 'Other', productIds: [productId], startsAt: iso(startMs) };
    expect(slug(await call('POST', '/v1/sales', other))).toBe('409 conflict');
    const { saleId: second } = await aSale(service);
    const steal = await call('PATCH', `/v1/sales/${second}`, { productIds: [productId] });
    expect(slug(steal)).toBe('409 conflict');
    await call('POST', `/v1/sales/${saleId}/publish`);
    await call('POST', `/v1/sales/${saleId}/close`);
    expect((await call('POST', '/v1/sales', other)).status).toBe(201);
    const summary = await call('GET', `/v1/sales/${saleId}/summary`);
    expect(summary.body).toMatchObject({ products: [{ productId }] });
  });

  it('that race for a product: one has it', async () => {
    const productIds = [await newProduct()];
    const sale = { name: 'Race', productIds, startsAt: iso(startMs) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('POST', '/v1/sales', sale)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('are deleted while drafts or closed, and not between', async () => {
    const { saleId } = await aSale(service, { publish: true });
    const path = `/v1/sales/${saleId}`;
    expect(slug(await call('DELETE', path))).toBe('409 conflict');
    await call('POST', `${path}/close`);
    expect(slug(await call('PATCH', path, { name: 'x' }))).toBe('409 conflict');
    expect(slug(await call('PATCH', `${path}/room`, { maxActive: 1 }))).toBe('409 conflict');
    expect((await call('DELETE', path)).status).toBe(204);
    for (const end of ['', '/room', '/stream']) {
      expect(slug(await call('GET', `${path}${end}`))).toBe('404 not-found');
    }
    expect(slug(await call('POST', `${path}/publish`))).toBe('404 not-found');
    expect(await service.room.figures(saleId)).toBeNull();
    expect(await service.redis.zscore('fg:catalogue', saleId)).toBeNull();
  });

  it('stay while an order awaits payment; what was sold is told when they are deleted', async () => {
    const { saleId, productId } = await aSale(service, { publish: true });
    const path = `/v1/sales/${saleId}`;
    const order = { saleId, productId, jti: 'last', state: 'awaiting_payment' } as const;
    const { orderId } = await anOrder(service, order);
    await call('POST', `${path}/close`);
    expect(slug(await call('DELETE', path))).toBe('409 conflict');
    expect((await call('GET', path)).status).toBe(200);
    await service.database.sql`
      update orders set state = 'paid', paid_at = now() where id = ${orderId}`;
    await service.database.sql`update units set state = 'sold' where order_id = ${orderId}`;
    expect((await call('DELETE', path)).status).toBe(204);
    const summary = await call('GET', `${path}/summary`);
    expect(summary.status).toBe(200);
    expect(summary.body).toMatchObject({
      id: saleId,
      products: [{ productId, sold: 1, revenueMinor: 1_250 }],
      funnel: { redeemed: 1, paid: 1 },
    });
    const orders = await call('GET', `/v1/orders?saleId=${saleId}`);
    expect(orders.body).toMatchObject({ items: [{ id: orderId, state: 'paid' }] });
  });
});

describe('bad input', () => {
  const absent = 'prod_00000000000000000000000000';
  const cases: [Record<string, unknown>, string][] = [
    [{ name: '' }, 'name'],
    [{ productIds: [] }, 'productIds'],
    [{ productIds: 'prod' }, 'productIds'],
    [{ productIds: ['nonsense'] }, 'productIds.0'],
    [{ productIds: [absent] }, 'productIds.0'],
    [{ productIds: [absent, absent] }, 'productIds'],
    [{ productIds: Array.from({ length: 101 }, () => absent) }, 'productIds'],
    [{ startsAt: 'tomorrow' }, 'startsAt'],
    [{ startsAt: 5 }, 'startsAt'],
    [{ startsAt: '0000-01-01T00:00:00Z' }, 'startsAt'],
    [{ startsAt: '2030-13-01T00:00:00Z' }, 'startsAt'],
    [{ endsAt: iso(startMs) }, 'endsAt'],
    [{ mode: 'raffle' }, 'mode'],
    [{ room: { admitPerMinute: 600_001 } }, 'room.admitPerMinute'],
    [{ room: { maxActive: 0 } }, 'room.maxActive'],
    [{ room: { bindTokens: 'maybe' } }, 'room.bindTokens'],
    [{ room: { message: 'a\u0000b' } }, 'room.message'],
    [{ room: { speed: 1 } }, 'room'],
    [{ publish: 'yes' }, 'publish'],
    [{ state: 'open' }, ''],
  ];

  it.each(cases)('%j is refused with the path of the mistake', async (changes, path) => {
    const base = { name: 'Pens', productIds: [await newProduct()], startsAt: iso(startMs) };
    const answer = await call('POST', '/v1/sales', { ...base, ...changes });
    expect(slug(answer)).toBe('400 invalid-request');
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ path }));
  });

  it('products of two currencies are refused', async () => {
    const productIds = [await newProduct(), await newProduct({ currency: 'USD' })];
    const answer = await call('POST', '/v1/sales', {
      name: 'x',
      productIds,
      startsAt: iso(startMs),
    });
    expect(slug(answer)).toBe('400 invalid-request');
  });

  it('of a state call is refused, and no body is fine', async () => {
    const { saleId } = await aSale(service);
    const path = `/v1/sales/${saleId}/publish`;
    expect(slug(await call('POST', path, { when: 'now' }))).toBe('400 invalid-request');
    expect(slug(await call('POST', path, '{}', { 'content-type': 'text/plain' }))).toBe(
      '415 unsupported-media-type',
    );
    expect((await call('POST', path)).status).toBe(200);
    const post = await call('GET', path);
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('orders', () => {
  it('of nobody are an empty list; a wrong filter is refused', async () => {
    const none = await call('GET', '/v1/orders?saleId=sale_00000000000000000000000000');
    expect(none.body).toEqual({ items: [], nextCursor: null });
    expect(slug(await call('GET', '/v1/orders?state=lost'))).toBe('400 invalid-request');
    expect(slug(await call('GET', '/v1/orders?saleId=x'))).toBe('400 invalid-request');
    expect(slug(await call('GET', '/v1/orders/ord_00000000000000000000000000'))).toBe(
      '404 not-found',
    );
  });
});
