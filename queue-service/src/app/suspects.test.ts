import { bansKey, parseBanList } from '@fairgate/shared/bans/ban.ts';
import {
  blockedKey,
  blockedTotalsKey,
  limitKey,
  type Suspect,
  suspectsKey,
} from '@fairgate/shared/bans/suspects.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aSale, iso, type Service, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});

const report = (...suspects: (Suspect | string)[]) =>
  service.redis.rpush(
    suspectsKey,
    ...suspects.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
  );
const listed = async () => parseBanList((await service.redis.get(bansKey)) ?? '').bans;
const bans = async () =>
  (await service.call('GET', '/v1/bans')).body.items as { id: string; value: string }[];

it('a suspect is banned for a time, published at once, with the reason in the audit log', async () => {
  await report({ network: '203.0.113.7', signal: 'ticket-forged', count: 200 });
  await report({ network: '2001:db8::/64', signal: 'join', count: 1_500 });
  await service.banSuspects();
  const expiresAt = iso(service.clock.now() + 900_000);
  // Made in one transaction, and so in one millisecond: the list has them in either order.
  expect((await bans()).toSorted((a, b) => a.value.localeCompare(b.value))).toMatchObject([
    { kind: 'cidr', value: '2001:db8::/64', reason: '1500 attempts to join within a minute' },
    { kind: 'ip', value: '203.0.113.7', reason: '200 forged tickets within 10 minutes', expiresAt },
  ]);
  expect(await listed()).toHaveLength(2);
  const rows = await service.database.sql`
    select actor, detail from ledger where action = 'ban.created' order by id`;
  expect(rows).toMatchObject([
    { actor: 'system:suspicion', detail: { signal: 'ticket-forged', count: 200 } },
    { actor: 'system:suspicion', detail: { signal: 'join', value: '2001:db8::/64' } },
  ]);
});

it('reported again, or twice at once to two instances, a suspect is banned once', async () => {
  const suspect: Suspect = { network: '203.0.113.8', signal: 'join', count: 1_500 };
  await report(suspect, suspect, 'nonsense', suspect);
  await Promise.all([service.banSuspects(), service.banSuspects()]);
  await report(suspect);
  await service.banSuspects();
  expect((await bans()).filter(({ value }) => value === '203.0.113.8')).toHaveLength(1);
});

it('lifted by an operator, a ban does not come back by what was counted before', async () => {
  const keys = [limitKey('join', '203.0.113.9'), limitKey('ticket-forged', '203.0.113.9')];
  for (const key of keys) await service.redis.set(key, 1_500);
  await report({ network: '203.0.113.9', signal: 'join', count: 1_500 });
  await service.banSuspects();
  const ban = (await bans()).find(({ value }) => value === '203.0.113.9');
  expect((await service.call('DELETE', `/v1/bans/${ban?.id}`)).status).toBe(204);
  expect(await service.redis.exists(...keys)).toBe(0);
  await service.banSuspects();
  expect((await bans()).map(({ value }) => value)).not.toContain('203.0.113.9');
});

it('what the edge refused is in the summary of its sale and in the metrics', async () => {
  const { saleId } = await aSale(service, { publish: true });
  const funnel = async () => (await service.call('GET', `/v1/sales/${saleId}/summary`)).body.funnel;
  expect(await funnel()).toMatchObject({ blocked: 0 });
  await service.redis.hset(blockedKey(saleId), { banned: 3, 'rate-limited': 4 });
  await service.redis.hset(blockedTotalsKey, { banned: 30 });
  expect(await funnel()).toMatchObject({ blocked: 7 });
  const { body } = await service.call('GET', '/metrics');
  expect(body.text).toContain('fairgate_blocked_attempts{reason="banned"} 30');
});
