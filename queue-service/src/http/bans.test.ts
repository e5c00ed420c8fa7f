import { bansKey, parseBanList } from '@fairgate/shared/bans/ban.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const ban = (kind: string, value: unknown, more: object = {}) =>
  call('POST', '/v1/bans', { kind, value, reason: 'A bot', ...more });

async function published() {
  return parseBanList((await service.redis.get(bansKey)) ?? '');
}
const publishedIds = async () => (await published()).bans.map(({ id }) => id);

it('a ban is published within the answer, in one form, and lifted within the answer', async () => {
  const made = await ban('cidr', '203.0.113.9/24');
  expect(made.status).toBe(201);
  expect(made.headers.get('etag')).toBe('"v1"');
  expect(made.body).toMatchObject({ kind: 'cidr', value: '203.0.113.0/24', reason: 'A bot' });
  expect(made.body).toMatchObject({ expiresAt: null, createdAt: iso(startMs) });
  const before = await published();
  const listed = { id: made.body.id, kind: 'cidr', value: '203.0.113.0/24', expiresAt: null };
  expect(before.bans).toContainEqual(listed);
  const path = `/v1/bans/${made.body.id}`;
  expect((await call('GET', path)).body).toEqual(made.body);
  expect((await call('DELETE', path, undefined, { 'if-match': '"v2"' })).status).toBe(412);
  expect((await call('DELETE', path)).status).toBe(204);
  const after = await published();
  expect(after.version).toBeGreaterThan(before.version);
  expect(after.bans).not.toContainEqual(listed);
  expect((await call('GET', path)).status).toBe(404);
  expect((await call('DELETE', path)).status).toBe(404);
});

it('a value that is none of its kind is refused by its path', async () => {
  const wrong = [
    ['ip', '203.0.113.0/24'],
    ['ip', 'somewhere'],
    ['cidr', '203.0.113.0'],
    ['visitor', 'no visitor'],
    ['country', 'Germany'],
    ['asn', 'AS0'],
    ['asn', -5],
  ];
  for (const [kind, value] of wrong) {
    const { status, body } = await ban(String(kind), value);
    expect([kind, value, status]).toEqual([kind, value, 400]);
    expect(body.errors).toMatchObject([{ path: 'value' }]);
  }
  expect((await ban('planet', 'Mars')).body.errors).toMatchObject([{ path: 'kind' }]);
  const bare = { kind: 'ip', value: '192.0.2.1' };
  const noReason = await call('POST', '/v1/bans', bare);
  expect(noReason.body.errors).toMatchObject([{ path: 'reason' }]);
  const over = await ban('ip', '192.0.2.1', { expiresAt: iso(startMs - 1) });
  expect(over.body.errors).toMatchObject([{ path: 'expiresAt' }]);
});

it('an ASN may be a number, and a country in lower case', async () => {
  expect((await ban('asn', 64_496)).body.value).toBe('64496');
  expect((await ban('asn', 'AS64496')).body.value).toBe('64496');
  expect((await ban('country', 'xx')).body.value).toBe('XX');
});

it('who made and lifted a ban, and why it was made, is in the audit log', async () => {
  const made = await ban('ip', '192.0.2.77');
  await call('DELETE', `/v1/bans/${made.body.id}`);
  const rows = await service.database.sql`
    select actor, action, detail from ledger
    where detail ->> 'banId' = ${String(made.body.id)} order by id`;
  expect(rows.map((row) => row.action)).toEqual(['ban.created', 'ban.lifted']);
  for (const row of rows) {
    expect(row.actor).toMatch(/^key:/);
    expect(row.detail).toMatchObject({ kind: 'ip', value: '192.0.2.77', reason: 'A bot' });
  }
});

it('the list is read page by page, newest first', async () => {
  const made: unknown[] = [];
  for (let i = 0; i < 3; i += 1) {
    await service.pass(1);
    made.unshift((await ban('visitor', `visitor-${i}`)).body.id);
  }
  const ids = (items: unknown) => (items as { id: string }[]).map(({ id }) => id);
  const first = await call('GET', '/v1/bans?limit=2');
  expect(ids(first.body.items)).toEqual(made.slice(0, 2));
  const second = await call('GET', `/v1/bans?limit=1&cursor=${first.body.nextCursor}`);
  expect(ids(second.body.items)).toEqual(made.slice(2));
  expect((await call('GET', '/v1/bans?cursor=nonsense')).status).toBe(400);
});

it('a ban that has expired is neither listed nor published, and its end is logged', async () => {
  const expiresAt = iso(service.clock.now() + 5_000);
  const { id } = (await ban('ip', '192.0.2.5', { expiresAt })).body;
  expect(await publishedIds()).toContain(id);
  await service.pass(5_000);
  expect((await call('GET', `/v1/bans/${id}`)).status).toBe(404);
  await service.bans.keep();
  expect(await publishedIds()).not.toContain(id);
  const rows = await service.database.sql`
    select actor from ledger where detail ->> 'banId' = ${String(id)} and action = 'ban.expired'`;
  expect(rows).toMatchObject([{ actor: 'system:bans' }]);
});

it('bans come back by themselves after Redis was emptied, and are not published without need', async () => {
  const { id } = (await ban('ip', '192.0.2.6')).body;
  const { version } = await published();
  await service.bans.keep();
  expect((await published()).version).toBe(version);
  await service.redis.flushall();
  await service.bans.keep();
  expect(await publishedIds()).toContain(id);
  expect((await published()).version).toBeGreaterThan(version);
});

it('an older list never replaces a newer one, and one of another database is overtaken', async () => {
  const { id } = (await ban('ip', '192.0.2.7')).body;
  const foreign = { version: 5_000_000, bans: [] };
  await service.redis.set(bansKey, JSON.stringify(foreign));
  await service.bans.keep();
  expect(await publishedIds()).toContain(id);
  expect((await published()).version).toBeGreaterThan(foreign.version);
});

it('lists of many changes at once end with all of them', async () => {
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, i) => ban('ip', `198.51.100.${i}`)),
  );
  const ids = await publishedIds();
  for (const { body } of made) expect(ids).toContain(body.id);
});
