import { afterAll, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { roomKey } from './keys.ts';
import { newcomer } from './room.ts';
import { roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);

it('the shop’s own look comes, changes, goes and ends with its room, and is not of its fields', async () => {
  const look = (version: number) => JSON.stringify({ version, appearance: {} });
  const fixture = await roomFixture(redisUrl, { appearance: look(1) });
  const { room, redis } = fixture;
  const kept = () => redis.get(roomKey(saleId, 'appearance'));
  expect(await kept()).toBe(look(1));
  expect(await redis.hexists(roomKey(saleId, 'room'), 'appearance')).toBe(0);
  await room.join(saleId, visitors(3).map(newcomer));
  await room.advance(saleId, 0);
  await fixture.configure({ appearance: look(2) });
  expect(await kept()).toBe(look(2));
  await fixture.configure({ phase: 'closed' });
  expect(await redis.ttl(roomKey(saleId, 'appearance'))).toBeGreaterThan(0);
  await redis.flushdb();
  await fixture.begin({}, { phase: 'open', appearance: look(3) });
  expect(await kept()).toBe(look(3));
  await fixture.configure({ appearance: undefined });
  expect(await kept()).toBeNull();
  redis.disconnect();
});
