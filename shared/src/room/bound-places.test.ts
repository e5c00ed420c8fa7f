import { randomBytes } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { roomKey } from './keys.ts';
import type { LookQuestion } from './room.ts';
import { type RoomFixture, roomFixture, saleId } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl);
  await fixture.redis.flushall();
  await fixture.begin({}, { admitPerMinute: 600_000 });
});

const random = (bytes: number) => randomBytes(bytes).toString('base64url');
const [first, second] = [random(32), random(32)];
const visitor = random(16);
const newcomer = (jkt?: string): LookQuestion => ({ visitor, number: 0, ordinal: 1, jkt });
const outcome = async (joiner: LookQuestion) =>
  (await fixture.room.join(saleId, [joiner]))[0]?.outcome;
const take = async (jkt?: string) =>
  (await fixture.room.take(saleId, visitor, 1, 'jti-1', jkt)).outcome;

describe('the first key of a place', () => {
  it('stays: joining, taking and leaving by another key, or by none, change nothing', async () => {
    expect(await outcome(newcomer())).toBe('joined');
    expect(await outcome(newcomer(first))).toBe('kept');
    expect(await outcome(newcomer(second))).toBe('other-key');
    expect(await outcome(newcomer())).toBe('key-needed');
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    expect([await take(second), await take()]).toEqual(['other-key', 'key-needed']);
    const ticket = { visitor, number: 1, ordinal: 1 };
    expect(await fixture.room.leave(saleId, { ...ticket, jkt: second })).toBe('other-key');
    expect(await fixture.room.leave(saleId, ticket)).toBe('key-needed');
    expect(await take(first)).toBe('issued');
  });

  it('stays when the place has ended and another begins', async () => {
    await outcome(newcomer(first));
    await fixture.room.leave(saleId, { visitor, number: 1, ordinal: 1, jkt: first });
    expect(await outcome(newcomer(second))).toBe('other-key');
    expect(await outcome(newcomer(first))).toBe('joined');
  });

  it('comes back with the ticket when Redis was emptied, by a poll or a joining', async () => {
    const ticket = { visitor, number: 1, ordinal: 1, jkt: first };
    const ways = [
      async () => void (await fixture.room.look(saleId, [ticket])),
      async () => void (await fixture.room.join(saleId, [ticket])),
    ];
    for (const way of ways) {
      await outcome(newcomer(first));
      await fixture.redis.flushall();
      await fixture.begin({});
      await way();
      expect(await outcome(newcomer(second))).toBe('other-key');
    }
  });

  it('is not kept of who was not let in', async () => {
    await fixture.begin({}, { phase: 'closed' });
    expect(await outcome(newcomer(first))).toBe('sale-not-open');
    expect(await fixture.redis.exists(roomKey(saleId, 'bound'))).toBe(0);
  });
});

/** Just past a power of two, where Redis' tables are emptiest. */
const crowd = 66_000;

it.each([
  ['a bound place takes at most 250 bytes of Redis', true, 250],
  ['a place without a key takes no more than its line in the order', false, 150],
])('%s', { timeout: 60_000 }, async (_, bound, bytesMax) => {
  const { redis, room } = fixture;
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  const before = await used();
  for (let i = 0; i < crowd; i += 1_000) {
    const joiners = Array.from({ length: 1_000 }, () => ({
      visitor: random(16),
      number: 0,
      ordinal: 1,
      ...(bound ? { jkt: random(32) } : {}),
    }));
    await room.join(saleId, joiners);
    // What is in Postgres a moment later is no part of the place.
    await room.log(saleId, Number.MAX_SAFE_INTEGER, 1);
  }
  // Redis makes room in its tables by and by.
  await vi.waitFor(async () => {
    const bytes = ((await used()) - before) / crowd;
    expect(bytes).toBeLessThan(bytesMax);
    expect(bytes).toBeGreaterThan(100);
  }, 20_000);
});
