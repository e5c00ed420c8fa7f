import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, anOrder, aSale, pen, type Service, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);

describe('products', () => {
  it('are made with their units, dealt to the shards in turn', async () => {
    const { status, body, headers } = await call('POST', '/v1/products', { ...pen, stock: 40 });
    expect(status).toBe(201);
    expect(headers.get('etag')).toBe('"v1"');
    expect(headers.get('location')).toBe(`/v1/products/${body.id}`);
    expect(body).toMatchObject({ name: 'Pen', stock: 40, free: 40, held: 0, sold: 0 });
    expect(body).toMatchObject({ description: '', imageUrl: null });
    await call('POST', `/v1/products/${body.id}/stock`, { add: 8 });
    const rows = await service.database.sql`
      select shard, count(*)::int as n from units where product_id = ${String(body.id)}
      group by shard order by shard`;
    expect(rows.map((row) => row.n)).toEqual(Array.from({ length: 16 }, () => 3));
  });

  it('are read, listed, changed and deleted', async () => {
    await service.pass(1);
    const { body: made } = await call('POST', '/v1/products', pen);
    const path = `/v1/products/${made.id}`;
    expect((await call('GET', path)).body).toEqual(made);
    const patched = await call('PATCH', path, { name: 'Better pen', imageUrl: null });
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ name: 'Better pen', priceMinor: 1_250 });
    expect(patched.headers.get('etag')).toBe('"v2"');
    const list = await call('GET', '/v1/products?limit=1');
    expect(list.body).toMatchObject({ items: [{ id: made.id }], nextCursor: made.id });
    const rest = await call('GET', `/v1/products?cursor=${made.id}`);
    expect(JSON.stringify(rest.body)).not.toContain(String(made.id));
    expect((await call('DELETE', path)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await call(method, path)).status).toBe(404);
    expect((await call('PATCH', path, { name: 'x' })).status).toBe(404);
    expect((await call('POST', `${path}/stock`, { add: 1 })).status).toBe(404);
  });

  it('are kept from being changed by who has not seen the last change', async () => {
    const { body: made } = await call('POST', '/v1/products', pen);
    const path = `/v1/products/${made.id}`;
    const stale = { 'if-match': '"v9"' };
    expect((await call('PATCH', path, { name: 'x' }, stale)).body).toMatchObject({
      type: 'urn:fairgate:problem:precondition-failed',
      status: 412,
    });
    expect((await call('DELETE', path, undefined, stale)).status).toBe(412);
    expect((await call('PATCH', path, { name: 'x' }, { 'if-match': '"v8", "v1"' })).status).toBe(
      200,
    );
    expect((await call('PATCH', path, { name: 'y' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('have no description where it is null, as with the image', async () => {
    const cleared = { description: null, imageUrl: null };
    const made = await call('POST', '/v1/products', { ...pen, ...cleared });
    expect([made.status, made.body.description]).toEqual([201, '']);
    const path = `/v1/products/${made.body.id}`;
    await call('PATCH', path, { description: 'Blue' });
    const patched = await call('PATCH', path, cleared);
    expect(patched.body).toMatchObject({ description: '', imageUrl: null });
  });

  it('keep their version, and that of their sale, where a change changes nothing', async () => {
    const { productId, saleId } = await aSale(service);
    const path = `/v1/products/${productId}`;
    for (const same of [{}, { name: pen.name, priceMinor: pen.priceMinor }]) {
      const answer = await call('PATCH', path, same);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"v1"']);
    }
    expect((await call('GET', `/v1/sales/${saleId}`)).headers.get('etag')).toBe('"v1"');
    const rows = await service.database.sql`
      select action from ledger where product_id = ${productId}`;
    expect(rows.map((row) => row.action)).toEqual(['product.created']);
  });

  it('stay while an unpaid order holds a unit', async () => {
    const { productId, saleId } = await aSale(service, { publish: true });
    await anOrder(service, { saleId, productId, jti: 'holds', state: 'awaiting_payment' });
    await call('POST', `/v1/sales/${saleId}/close`);
    const path = `/v1/products/${productId}`;
    expect((await call('DELETE', path)).status).toBe(409);
    await service.database.sql`update units set state = 'free', order_id = null
      where product_id = ${productId}`;
    expect((await call('DELETE', path)).status).toBe(204);
  });

  it('of a sale that is not closed keep their currency, and stay', async () => {
    const { productId, saleId } = await aSale(service);
    const path = `/v1/products/${productId}`;
    expect((await call('PATCH', path, { currency: 'USD' })).status).toBe(409);
    expect((await call('PATCH', path, { currency: 'EUR', priceMinor: 5 })).status).toBe(200);
    expect((await call('DELETE', path)).status).toBe(409);
    await call('DELETE', `/v1/sales/${saleId}`);
    expect((await call('PATCH', path, { currency: 'USD' })).status).toBe(200);
    expect((await call('DELETE', path)).status).toBe(204);
  });
});

describe('bad input', () => {
  it.each([
    [{ ...pen, name: '' }, 'name'],
    [{ ...pen, name: '   ' }, 'name'],
    [{ ...pen, name: 'x'.repeat(201) }, 'name'],
    [{ ...pen, name: 7 }, 'name'],
    [{ ...pen, name: 'a\u0000b' }, 'name'],
    [{ ...pen, description: 'x'.repeat(5_001) }, 'description'],
    [{ ...pen, imageUrl: 'javascript:alert(1)' }, 'imageUrl'],
    [{ ...pen, imageUrl: '/pen.png' }, 'imageUrl'],
    [{ ...pen, priceMinor: -1 }, 'priceMinor'],
    [{ ...pen, priceMinor: 1.5 }, 'priceMinor'],
    [{ ...pen, priceMinor: 1e12 + 1 }, 'priceMinor'],
    [{ ...pen, priceMinor: '5' }, 'priceMinor'],
    [{ ...pen, name: '\ud800' }, 'name'],
    [{ ...pen, currency: 'eur' }, 'currency'],
    [{ ...pen, currency: 'QQQ' }, 'currency'],
    [{ ...pen, stock: 1_000_001 }, 'stock'],
    [{ ...pen, stock: -1 }, 'stock'],
    [{ ...pen, colour: 'red' }, ''],
    [{}, 'name'],
    [[], ''],
    [null, ''],
  ])('%# is refused with the path of the mistake', async (input, path) => {
    const { status, body, headers } = await call('POST', '/v1/products', input);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body.type).toBe('urn:fairgate:problem:invalid-request');
    expect(body.errors).toContainEqual(expect.objectContaining({ path }));
  });

  it('of other kinds gets its own slug', async () => {
    const slug = async (answer: ReturnType<typeof call>) => {
      const { status, body } = await answer;
      return [status, String(body.type).split(':').at(-1)];
    };
    const text = { 'content-type': 'text/plain' };
    expect(await slug(call('POST', '/v1/products', '{"a"'))).toEqual([400, 'invalid-request']);
    expect(await slug(call('POST', '/v1/products', pen, text))).toEqual([
      415,
      'unsupported-media-type',
    ]);
    const huge = { ...pen, description: 'x'.repeat(70_000) };
    expect(await slug(call('POST', '/v1/products', huge))).toEqual([413, 'payload-too-large']);
    expect(await slug(call('GET', '/v1/products/nonsense%00'))).toEqual([404, 'not-found']);
    const absent = 'prod_00000000000000000000000000';
    expect(await slug(call('GET', `/v1/products/${absent}`))).toEqual([404, 'not-found']);
    expect(await slug(call('GET', '/v1/products?limit=0'))).toEqual([400, 'invalid-request']);
    expect(await slug(call('GET', '/v1/products?cursor=%00'))).toEqual([400, 'invalid-request']);
    expect(await slug(call('GET', '/v1/products?cursor=x'))).toEqual([400, 'invalid-request']);
    expect(await slug(call('GET', '/v1/nothing'))).toEqual([404, 'not-found']);
    const put = await call('PUT', '/v1/products', pen);
    expect(put.status).toBe(405);
    expect(put.headers.get('allow')).toBe('GET, POST');
    for (const add of [0, -1, 1.5, 1_000_001, '3']) {
      const answer = call('POST', `/v1/products/${absent}/stock`, { add });
      expect(await slug(answer)).toEqual([400, 'invalid-request']);
    }
  });

  it('changes nothing', async () => {
    const count = async () => (await service.database.sql`select count(*) from units`)[0]?.count;
    const before = await count();
    await call('POST', '/v1/products', { ...pen, currency: 'x' });
    expect(await count()).toBe(before);
  });
});

it('every response has a request id, and keeps one that is well formed', async () => {
  const given = await call('GET', '/v1/products', undefined, { 'x-request-id': 'abcdefgh-1' });
  expect(given.headers.get('x-request-id')).toBe('abcdefgh-1');
  const made = await call('GET', '/nothing', undefined, { 'x-request-id': 'no good' });
  expect(made.headers.get('x-request-id')).toMatch(/^req_/);
});

it('every change is in the ledger, with the key that made it', async () => {
  const { body } = await call('POST', '/v1/products', pen);
  await call('POST', `/v1/products/${body.id}/stock`, { add: 2 });
  const rows = await service.database.sql`
    select actor, action, detail from ledger where product_id = ${String(body.id)} order by id`;
  expect(rows.map((row) => row.action)).toEqual(['product.created', 'stock.added']);
  expect(rows[0]?.actor).toMatch(/^key:key_/);
  expect(rows[1]?.detail).toEqual({ add: 2, total: 7 });
  expect(JSON.stringify(rows)).not.toContain(adminKey);
});
