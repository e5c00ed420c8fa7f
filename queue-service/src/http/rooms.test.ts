import { newcomer } from '@fairgate/shared/room/room.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { adminKey, aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
let saleId: string;
let productId: string;
beforeEach(async () => {
  service = await testService();
  ({ saleId, productId } = await aSale(service, { startsAt: iso(startMs), publish: true }));
});
const call: Service['call'] = (...args) => service.call(...args);
const seen = () => service.room.advance(saleId, 0);
const visitors = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`);

it('settings are changed one by one, and shoppers have them when the answer comes', async () => {
  const path = `/v1/sales/${saleId}/room`;
  const answer = await call('PATCH', path, { message: 'Soon', admitPerMinute: 60 });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    id: saleId,
    state: 'open',
    waiting: 0,
    settings: { message: 'Soon', admitPerMinute: 60, maxActive: 500 },
  });
  expect(await seen()).toMatchObject({ message: 'Soon', admitPerMinute: 60 });
  for (const bad of [{ admitPerMinute: -1 }, { tokenSeconds: 4 }, { nonsense: 1 }]) {
    expect((await call('PATCH', path, bad)).status).toBe(400);
  }
  const read = await call('GET', path);
  expect(read.body.settings).toMatchObject({ admitPerMinute: 60 });
  expect(answer.headers.get('etag')).toBe('"v2"');
  expect(read.headers.get('etag')).toBe('"v2"');
});

it('who trusts a login says where its keys are: over https, or on this machine', async () => {
  const path = `/v1/sales/${saleId}/room`;
  const identity = { issuer: 'https://shop.example', audience: 'fairgate', required: true };
  const set = (jwksUrl: string) => call('PATCH', path, { identity: { ...identity, jwksUrl } });
  for (const bad of [
    'http://shop.example/jwks.json',
    'http://127.0.0.1.shop.example/jwks.json',
    'https://me:secret@shop.example/jwks.json',
    'file:///etc/passwd',
    'jwks.json',
  ]) {
    const refused = await set(bad);
    expect([bad, refused.status, refused.body.errors]).toMatchObject([
      bad,
      400,
      [{ path: 'identity.jwksUrl' }],
    ]);
  }
  for (const good of ['https://shop.example/jwks.json', 'http://127.0.0.1:1/j', 'http://[::1]/j']) {
    expect((await set(good)).status).toBe(200);
  }
  expect((await seen())?.info.identity).toEqual({ ...identity, jwksUrl: 'http://[::1]/j' });
  const without = await call('PATCH', path, { identity: null, laneShare: null });
  expect(without.body.settings).not.toHaveProperty('identity');
  expect((await seen())?.info).not.toHaveProperty('identity');
  expect((await call('PATCH', path, { message: null })).status).toBe(400);
});

it('live figures are those of the call', async () => {
  await service.room.join(saleId, visitors(4).map(newcomer));
  await service.pass(200);
  await seen();
  await service.pass(800);
  const { body } = await call('GET', `/v1/sales/${saleId}/room`);
  expect(body).toMatchObject({
    id: saleId,
    state: 'open',
    waiting: 2,
    admitted: 2,
    active: 2,
    issued: 0,
    redeemed: 0,
    joinedTotal: 4,
    admittedTotal: 2,
    joinedPerMinute: 4,
    admittedPerMinute: 2,
    abandoned: 0,
    oldestWaitSeconds: 0,
    placesPerAddressMost: 0,
  });
});

it('a draft has an empty room', async () => {
  const draft = await aSale(service);
  const { status, body } = await call('GET', `/v1/sales/${draft.saleId}/room`);
  expect([status, body.state, body.waiting]).toEqual([200, 'draft', 0]);
});

it('the stream ends with the service', async () => {
  const response = await service.api.request(`/v1/sales/${saleId}/stream`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reader = response.body!.getReader();
  await reader.read();
  service.stopping.abort();
  for (let end = await reader.read(); !end.done; end = await reader.read());
});

it('more stock, a new price and a new name reach the open sale at once', async () => {
  await call('POST', `/v1/products/${productId}/stock`, { add: 7 });
  await call('PATCH', `/v1/products/${productId}`, { name: 'Quill', priceMinor: 9 });
  const snapshot = await seen();
  expect(snapshot).toMatchObject({ unitsLeft: 12, budget: 12 });
  expect(snapshot?.info.products).toMatchObject([{ name: 'Quill', priceMinor: 9, total: 12 }]);
  expect(snapshot?.stock.get(productId)).toEqual({ free: 12, held: 0, sold: 0 });
});

describe('with Redis away', () => {
  beforeEach(async () => {
    service.redis.disconnect();
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('figures are unavailable, with a time to try again', async () => {
    const answer = await call('GET', `/v1/sales/${saleId}/room`);
    expect([answer.status, answer.body.type]).toEqual([503, 'urn:fairgate:problem:unavailable']);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect((await call('GET', `/v1/sales/${saleId}/stream`)).status).toBe(503);
  });

  it('changes are kept, and told to the room when it is back', async () => {
    expect((await call('POST', `/v1/sales/${saleId}/pause`)).body.state).toBe('paused');
    const settings = await call('PATCH', `/v1/sales/${saleId}/room`, { message: 'Later' });
    expect(settings.body).toMatchObject({ state: 'paused', settings: { message: 'Later' } });
    await service.redis.connect();
    expect(await seen()).toMatchObject({ state: 'open', message: '' });
    await service.keeper.keepRooms();
    expect(await seen()).toMatchObject({ state: 'paused', message: 'Later' });
  });

  it('the summary is told from Postgres, as not reconciled', async () => {
    const { status, body } = await call('GET', `/v1/sales/${saleId}/summary`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ reconciled: false, products: [{ total: 5, free: 5 }] });
  });
});
