import { afterAll, beforeAll, expect, it } from 'vitest';
import { anOrder, aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const later = { startsAt: iso(startMs + 3_600_000) };
const copy = (saleId: string, body: Record<string, unknown>, headers = {}) =>
  call('POST', `/v1/sales/${saleId}/copy`, { ...later, ...body }, headers);
const settings = { mode: 'lottery', room: { admitPerMinute: 77, message: 'Hello' } };
const open = { publish: true, startsAt: iso(startMs) };

it('a copy is a draft with the settings and the mode, and products with as many units', async () => {
  const { saleId, productId } = await aSale(service, { ...settings, ...open });
  await anOrder(service, { saleId, productId, jti: 'sold', state: 'paid' });
  const { status, body, headers } = await copy(saleId, { endsAt: iso(startMs + 7_200_000) });
  expect(status).toBe(201);
  expect(headers.get('location')).toBe(`/v1/sales/${body.id}`);
  expect(headers.get('etag')).toBe('"v1"');
  const { body: original } = await call('GET', `/v1/sales/${saleId}`);
  const { name, mode, room, currency } = original;
  expect(body).toMatchObject({ name, mode, room, currency, state: 'draft', ...later });
  expect(body.endsAt).toBe(iso(startMs + 7_200_000));
  const [copied, more] = body.productIds as string[];
  expect(more).toBeUndefined();
  expect(copied).not.toBe(productId);
  const product = (await call('GET', `/v1/products/${copied}`)).body;
  expect(product).toMatchObject({ name: 'Pen', priceMinor: 1_250, stock: 5, free: 5, sold: 0 });
  const notes = await service.database.sql`
    select action, detail ->> 'copyOf' as of, actor from ledger
    where sale_id = ${String(body.id)} or product_id = ${String(copied)} order by id`;
  expect(notes.slice(0, 2).map(({ action, of }) => [action, of])).toEqual([
    ['product.created', productId],
    ['sale.created', saleId],
  ]);
  expect(notes[0]?.actor).toMatch(/^key:/);
  expect((await call('POST', `/v1/sales/${body.id}/publish`)).status).toBe(200);
});

it('the same products are offered again once their sale is closed, and not before', async () => {
  const { saleId, productId } = await aSale(service, open);
  const refused = await copy(saleId, { products: 'same' });
  expect([refused.status, refused.body.type]).toEqual([409, 'urn:fairgate:problem:conflict']);
  await call('POST', `/v1/sales/${saleId}/close`);
  const made = await copy(saleId, { products: 'same', name: 'Again' });
  expect([made.status, made.body.name, made.body.productIds]).toEqual([201, 'Again', [productId]]);
  expect((await copy(saleId, { products: 'same' })).status).toBe(409);
});

it('of products that were deleted there are copies, and nothing else', async () => {
  const { saleId, productId } = await aSale(service, open);
  await call('POST', `/v1/sales/${saleId}/close`);
  await call('DELETE', `/v1/products/${productId}`);
  const refused = await copy(saleId, { products: 'same' });
  expect(refused.status).toBe(409);
  expect(refused.body.detail).toContain(productId);
  expect((await copy(saleId, {})).status).toBe(201);
});

it('a copy that is refused leaves no product behind', async () => {
  const { saleId } = await aSale(service);
  const count = async () => (await service.database.sql`select count(*) from products`)[0]?.count;
  const before = await count();
  const wrong = await copy(saleId, { endsAt: iso(startMs) });
  expect(wrong.body.errors).toContainEqual(expect.objectContaining({ path: 'endsAt' }));
  expect((await copy(saleId, { products: 'some' })).status).toBe(400);
  expect((await copy(saleId, {}, { 'if-match': '"v9"' })).status).toBe(412);
  expect(await count()).toBe(before);
});

it('a copy is made once for an Idempotency-Key', async () => {
  const { saleId } = await aSale(service);
  const key = { 'idempotency-key': 'copy-1' };
  const first = await copy(saleId, {}, key);
  const again = await copy(saleId, {}, key);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect((await copy(saleId, { name: 'Other' }, key)).status).toBe(422);
});
