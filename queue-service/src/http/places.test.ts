import { newcomer } from '@fairgate/shared/room/room.ts';
import { verifyPass } from '@fairgate/shared/token/pass.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type Answer,
  aSale,
  iso,
  passKeys,
  type Service,
  startMs,
  testService,
} from '../../test/fixture.ts';

let service: Service;
let saleId: string;
beforeAll(async () => {
  service = await testService(afterAll);
});
beforeEach(async () => {
  ({ saleId } = await aSale(service, { startsAt: iso(startMs), publish: true }));
});
const post = (path: string, body: object, headers = {}): Promise<Answer> =>
  service.call('POST', `/v1/sales/${saleId}/${path}`, body, headers);
const slug = ({ status, body }: Answer) => `${status} ${String(body.type).split(':').at(-1)}`;
const ledger = async () =>
  await service.database.sql`
    select action, detail::text from ledger where sale_id = ${saleId} order by id desc`;
const rows = async () =>
  [
    ...(await service.database.sql`
    select visitor, number_from::int as from, number_to::int as to from revocations where sale_id = ${saleId} order by id`),
  ] as { visitor: string | null; from: number | null; to: number }[];
const joined = (count: number) =>
  service.room.join(
    saleId,
    Array.from({ length: count }, (_, i) => newcomer(`v${i}`)),
  );

describe('passes', () => {
  it('are as many as were asked for, each another one, of this sale and until then', async () => {
    const expiresAt = iso(startMs + 3_600_000);
    const made = await post('passes', { lane: 'priority', count: 500, expiresAt });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    expect(made.body).toMatchObject({ saleId, lane: 'priority', expiresAt });
    expect(Object.keys(made.body)[0]).toBe('id');
    const passes = made.body.passes as string[];
    const verdicts = passes.map((pass) => verifyPass(passKeys, pass, saleId, startMs));
    const ids = verdicts.map((verdict) => (verdict.kind === 'valid' ? verdict.claims.jti : ''));
    expect(new Set(ids).size).toBe(500);
    expect(ids).not.toContain('');
    expect(verifyPass(passKeys, passes[0]!, saleId, startMs + 3_600_000).kind).toBe('expired');
    const [entry] = await ledger();
    expect(entry).toMatchObject({ action: 'passes.made' });
    expect(JSON.parse(entry?.detail)).toMatchObject({ batchId: made.body.id, count: 500 });
    expect(entry?.detail).not.toContain(ids[0]);
  });

  it('are refused for a closed sale, an unknown one, and whoever is no operator', async () => {
    const wish = { lane: 'priority', count: 1 };
    const viewer = await service.call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
    const as = { authorization: `Bearer ${viewer.body.key}` };
    expect(slug(await post('passes', wish, as))).toBe('403 forbidden');
    await post('close', {});
    expect(slug(await post('passes', wish))).toBe('409 conflict');
    saleId = `sale_${'0'.repeat(26)}`;
    expect(slug(await post('passes', wish))).toBe('404 not-found');
  });

  it.each([
    [{ lane: 'main', count: 1 }, 'lane'],
    [{ lane: 'priority', count: 0 }, 'count'],
    [{ lane: 'priority', count: 10_001 }, 'count'],
    [{ lane: 'priority', count: 1, expiresAt: iso(startMs) }, 'expiresAt'],
    [{ lane: 'priority', count: 1, expiresAt: '2199-01-01T00:00:00Z' }, 'expiresAt'],
  ])('%j is refused by name', async (wish, path) => {
    const refused = await post('passes', wish);
    expect(slug(refused)).toBe('400 invalid-request');
    expect(refused.body.errors).toMatchObject([{ path }]);
  });
});

it('a spent pass stays spent when its room is lost', async () => {
  const spent = 'p'.repeat(16);
  const withPass = (visitor: string) => ({ ...newcomer(visitor), pass: spent });
  await service.room.join(saleId, [withPass('first')]);
  await service.keepLogs();
  await service.keeper.keepRooms();
  await service.redis.flushall();
  await service.setClock();
  await service.keeper.keepRooms();
  const [other, again] = await service.room.join(saleId, ['second', 'first'].map(withPass));
  expect([other?.outcome, again]).toMatchObject(['pass-spent', { outcome: 'joined' }]);
});

describe('a revocation', () => {
  it('of a visitor is kept with its line in the ledger, and the sale has a new version', async () => {
    await joined(3);
    const before = await service.store.sales.find(saleId);
    const done = await post('revoke', { visitor: 'v1' });
    expect([done.status, done.body]).toEqual([
      200,
      { id: saleId, visitor: 'v1', numbers: null, revokedAt: iso(startMs) },
    ]);
    const [row] = await rows();
    // Whatever they joined for so far: they may join again, and have a higher number then.
    expect(row).toEqual({ visitor: 'v1', from: null, to: 3 });
    expect((await ledger())[0]).toMatchObject({ action: 'places.revoked' });
    const after = await service.store.sales.find(saleId);
    expect(after?.version).toBe((before?.version ?? 0) + 1);
    expect((await service.room.figures(saleId))?.revision).toBe(after?.version);
  });

  it('of numbers, or of all, reaches no further than the numbers that were given out', async () => {
    await joined(6);
    const some = await post('revoke', { numbers: { from: 2, to: 3 } });
    expect(some.body).toMatchObject({ visitor: null, numbers: { from: 2, to: 3 } });
    const more = await post('revoke', { numbers: { from: 5, to: 1_000_000 } });
    expect(more.body.numbers).toEqual({ from: 5, to: 6 });
    const all = await post('revoke', { all: true, confirm: 'Pens' });
    expect(all.body.numbers).toEqual({ from: 1, to: 6 });
    expect(await rows()).toMatchObject([
      { from: 2, to: 3 },
      { from: 5, to: 6 },
      { from: 1, to: 6 },
    ]);
  });

  it('is told to the room within the answer, and again to one that begins anew', async () => {
    await joined(6);
    const all = { all: true };
    await post('revoke', { visitor: 'v4' });
    await post('revoke', { numbers: { from: 1, to: 2 } });
    const states = async () => {
      const asked = [0, 1, 2, 4].map((i) => ({ visitor: `v${i}`, number: i + 1, ordinal: 1 }));
      return (await service.room.look(saleId, asked)).map(({ state }) => state);
    };
    const expected = ['revoked', 'revoked', 'waiting', 'revoked'];
    expect(await states()).toEqual(expected);
    expect((await service.room.advance(saleId, 0))?.revoked).toEqual([[1, 2]]);
    await service.keeper.keepRooms();
    await service.redis.flushall();
    await service.setClock();
    await service.keeper.keepRooms();
    expect(await states()).toEqual(expected);
    // Who joins again is behind all others, and is not touched by it.
    const [again] = await service.room.join(saleId, [newcomer('v4')]);
    expect(again).toMatchObject({ outcome: 'joined', number: 10_007 });
    expect((await post('revoke', all)).body.numbers).toEqual({ from: 1, to: 10_007 });
  });

  it('of nobody is told so, and keeps nothing', async () => {
    expect((await post('revoke', { all: true })).body).toMatchObject({ numbers: null });
    await joined(1);
    expect((await post('revoke', { numbers: { from: 2, to: 9 } })).body.numbers).toBeNull();
    expect(await rows()).toEqual([]);
  });

  it('without Redis is kept: only `all` needs the room', async () => {
    const others = service;
    onTestFinished(() => {
      service = others;
    });
    service = await testService();
    ({ saleId } = await aSale(service, { startsAt: iso(startMs), publish: true }));
    await joined(3);
    service.redis.disconnect();
    expect(slug(await post('revoke', { all: true }))).toBe('503 unavailable');
    expect((await post('revoke', { visitor: 'v2' })).status).toBe(200);
    expect((await post('revoke', { numbers: { from: 1, to: 2 } })).status).toBe(200);
    expect(await rows()).toMatchObject([
      { visitor: 'v2', to: 10_000 },
      { from: 1, to: 2 },
    ]);
  });

  it('is refused where the caller is mistaken about the sale, or the sale has no places', async () => {
    expect(slug(await post('revoke', { all: true, confirm: 'Pots' }))).toBe('409 conflict');
    const stale = await post('revoke', { visitor: 'v1' }, { 'if-match': '"v99"' });
    expect(slug(stale)).toBe('412 precondition-failed');
    ({ saleId } = await aSale(service));
    expect(slug(await post('revoke', { visitor: 'v1' }))).toBe('409 conflict');
    expect(await rows()).toEqual([]);
  });

  it.each([
    {},
    { all: false },
    { visitor: 'v1', all: true },
    { visitor: '' },
    { numbers: { from: 3, to: 2 } },
    { numbers: { from: 0, to: 2 } },
  ])('%j is no request', async (wish) => {
    expect(slug(await post('revoke', wish))).toBe('400 invalid-request');
  });
});
