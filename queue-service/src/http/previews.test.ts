import { newId } from '@fairgate/shared/ids.ts';
import {
  isPreviewId,
  previewKey,
  previewSchema,
  previewStates,
} from '@fairgate/shared/preview/preview.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  aSale,
  iso,
  publicOrigin,
  type Service,
  startMs,
  testService,
} from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const preview = (saleId: string) => call('POST', `/v1/sales/${saleId}/preview`);

it('a draft has a link to its page for an hour, and gets no room by it', async () => {
  const room = { message: 'Be kind', admitPerMinute: 60 };
  const { saleId, productId } = await aSale(service, { room, mode: 'lottery' });
  const { status, body, headers } = await preview(saleId);
  expect(status).toBe(201);
  const id = String(body.id);
  expect(isPreviewId(id)).toBe(true);
  expect(body).toEqual({
    id,
    url: `${publicOrigin}/preview/${id}`,
    expiresAt: iso(startMs + 3_600_000),
    states: previewStates,
  });
  expect(headers.get('cache-control')).toBe('no-store');
  const kept = previewSchema.parse(JSON.parse((await service.redis.get(previewKey(id))) ?? ''));
  expect(kept).toMatchObject({
    info: { id: saleId, name: 'Pens', mode: 'lottery', products: [{ id: productId, total: 5 }] },
    free: { [productId]: 5 },
    message: 'Be kind',
    admitPerMinute: 60,
    expiresAt: startMs + 3_600_000,
  });
  const seconds = await service.redis.ttl(previewKey(id));
  expect(seconds).toBeGreaterThan(3_590);
  expect(seconds).toBeLessThanOrEqual(3_600);
  expect(await service.room.figures(saleId)).toBeNull();
  expect((await call('GET', `/v1/sales/${saleId}`)).body.state).toBe('draft');
});

it('each link is another, and the ledger tells who made one, but not which', async () => {
  const { saleId } = await aSale(service, { publish: true });
  const ids = [(await preview(saleId)).body.id, (await preview(saleId)).body.id].map(String);
  expect(ids[0]).not.toBe(ids[1]);
  const notes = await service.database.sql`
    select actor, detail from ledger where sale_id = ${saleId} and action = 'sale.previewed'`;
  expect(notes).toHaveLength(2);
  expect(notes[0]?.actor).toMatch(/^key:/);
  for (const id of ids) expect(JSON.stringify(notes)).not.toContain(id);
});

it('is made once for an Idempotency-Key', async () => {
  const { saleId } = await aSale(service);
  const again = { 'idempotency-key': 'the-same' };
  const path = `/v1/sales/${saleId}/preview`;
  const first = await call('POST', path, undefined, again);
  const second = await call('POST', path, undefined, again);
  expect([second.status, second.body]).toEqual([201, first.body]);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  const notes = await service.database.sql`
    select 1 from ledger where sale_id = ${saleId} and action = 'sale.previewed'`;
  expect(notes).toHaveLength(1);
});

it('is for operators, and of sales that there are', async () => {
  const { saleId } = await aSale(service);
  const made = await call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
  const path = `/v1/sales/${saleId}/preview`;
  const as = (authorization: string) => call('POST', path, undefined, { authorization });
  expect((await as(`Bearer ${made.body.key}`)).status).toBe(403);
  expect((await as('')).status).toBe(401);
  expect((await call('POST', path, { state: 'open' })).status).toBe(400);
  expect((await preview(newId('sale'))).status).toBe(404);
});

it('is refused while Redis is away, and nothing is noted', async () => {
  const own = await testService();
  const { saleId } = await aSale(own);
  own.redis.disconnect();
  const answer = await own.call('POST', `/v1/sales/${saleId}/preview`);
  expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
  const notes = await own.database.sql`select 1 from ledger where action = 'sale.previewed'`;
  expect(notes).toHaveLength(0);
});
