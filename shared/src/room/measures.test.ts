import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { admitPerMinute: 60, tokenSeconds: 5 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});
async function seconds(count: number) {
  for (let i = 1; i < count; i += 1) {
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
  }
  await fixture.pass(1_000);
  return (await fixture.room.advance(saleId, 0))!;
}

test('the pace is that of the last six windows of 10 s, from the start on', async () => {
  await fixture.room.join(saleId, visitors(200).map(newcomer));
  expect((await seconds(5)).pace).toBeNull();
  expect((await seconds(10)).pace).toEqual({ low: 60, high: 60 });
  await fixture.configure({ admitPerMinute: 120 });
  const faster = await seconds(20);
  expect(faster.pace).toEqual({ low: 60, high: 120 });
  expect(faster.admittedPerMinute).toBeGreaterThan(60);
  expect((await seconds(60)).pace).toEqual({ low: 120, high: 120 });
});

test('the share of those who buy is 1 until something else is known, and follows what they do', async () => {
  await fixture.configure({ admitPerMinute: 6_000 });
  await fixture.room.join(saleId, visitors(100).map(newcomer));
  expect((await seconds(1)).buyShare).toBeNull();
  const bought = visitors(50).map((visitor, i) =>
    report({ kind: 'spent', seq: i + 1, jti: `jti-${visitor}`, visitor, number: i + 1 }),
  );
  for (const { visitor, jti } of bought) await fixture.room.take(saleId, visitor, 1, jti);
  await fixture.room.settle(saleId, bought);
  expect((await seconds(1)).buyShare).toBe(1);
  // Of the hundred half did not even take their token.
  const { buyShare } = await seconds(6);
  expect(buyShare).toBe(0);
});

test('the share of those who are gone before their turn follows, and a lost room begins it anew', async () => {
  await fixture.configure({ admitPerMinute: 0 });
  await fixture.room.join(saleId, visitors(200).map(newcomer));
  expect((await seconds(1)).absentShare).toBe(0);
  for (const [i, visitor] of visitors(50).entries()) {
    await fixture.room.leave(saleId, { visitor, number: i + 1, ordinal: 1 });
  }
  expect((await seconds(1)).absentShare).toBe(0.5);
  await fixture.redis.flushall();
  await fixture.begin({ next: 10_000, redeemed: 40, expired: 60, abandoned: 30, admitted: 100 });
  expect(await seconds(1)).toMatchObject({ absentShare: 0, buyShare: null });
});
