import { afterAll, afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { roomKey } from './keys.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';
import { aheadOf } from './snapshot.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;

beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { phase: 'paused' });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

async function joinAndThin(count: number, keep: (index: number) => boolean): Promise<number[]> {
  const names = visitors(count);
  for (let i = 0; i < count; i += 1_000) {
    await fixture.room.join(saleId, names.slice(i, i + 1_000).map(newcomer));
  }
  const gone = names.filter((_, i) => !keep(i));
  const pipeline = fixture.redis.pipeline();
  for (const name of gone) pipeline.zrem(roomKey(saleId, 'line'), name);
  await pipeline.exec();
  return names.flatMap((_, i) => (keep(i) ? [i + 1] : []));
}

describe('the number of people ahead', () => {
  it('is exact for the first 500 places, with those who left not counted', async () => {
    const stay = await joinAndThin(1_200, (i) => i % 3 !== 0);
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(snapshot?.waiting).toBe(stay.length);
    for (const [rank, number] of stay.slice(0, 500).entries()) {
      expect(aheadOf(snapshot!.lanes.main.positions, number)).toBe(rank);
    }
  });

  it('is within 1 % of the waiting beyond, even where one stretch emptied', async () => {
    const stay = await joinAndThin(20_000, (i) => i < 4_000 || i > 9_000 || i % 7 === 0);
    const snapshot = await fixture.room.advance(saleId, 0);
    const tolerance = stay.length / 100;
    for (const [rank, number] of stay.entries()) {
      const ahead = aheadOf(snapshot!.lanes.main.positions, number);
      expect(Math.abs(ahead - rank)).toBeLessThanOrEqual(tolerance);
    }
  });

  it('counts everyone of the snapshot and the numbers since for who came after it', async () => {
    await joinAndThin(10, () => true);
    const snapshot = await fixture.room.advance(saleId, 0);
    const [reply] = await fixture.room.join(saleId, ['late'].map(newcomer));
    expect(aheadOf(snapshot!.lanes.main.positions, reply!.score)).toBe(10);
  });
});

test('who joins one of two lanes does not count those who joined the other one since', async () => {
  await fixture.room.join(saleId, visitors(9, 'm').map(newcomer));
  await fixture.room.join(saleId, [{ ...newcomer('p1'), pass: 'pass-1' }]);
  const snapshot = await fixture.room.advance(saleId, 0);
  await fixture.room.join(saleId, visitors(10, 'n').map(newcomer));
  const [late] = await fixture.room.join(saleId, [{ ...newcomer('p2'), pass: 'pass-2' }]);
  expect(late?.number).toBe(21);
  expect(aheadOf(snapshot!.lanes.priority.positions, 21)).toBe(2);
});

describe('joining', () => {
  it('gives the same visitor the same place, however often and in parallel it asks', async () => {
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => fixture.room.join(saleId, ['one', 'one'].map(newcomer))),
    );
    expect(new Set(replies.flat().map((reply) => reply.number))).toEqual(new Set([1]));
    expect(replies.flat().filter((reply) => reply.outcome === 'joined')).toHaveLength(1);
  });

  it('gives a new place at the end to who left, with the next ordinal only after an admission', async () => {
    await fixture.room.join(saleId, ['one', 'two'].map(newcomer));
    await fixture.room.leave(saleId, { visitor: 'one', number: 1, ordinal: 1 });
    const [again] = await fixture.room.join(saleId, ['one'].map(newcomer));
    expect(again).toMatchObject({ outcome: 'joined', number: 3, ordinal: 1 });
    await fixture.configure({ phase: 'open' });
    await fixture.pass(1_000);
    await fixture.room.advance(saleId);
    await fixture.room.leave(saleId, { visitor: 'one', number: 3, ordinal: 1 });
    const [third] = await fixture.room.join(saleId, ['one'].map(newcomer));
    expect(third).toMatchObject({ outcome: 'joined', number: 4, ordinal: 2 });
  });

  it('is refused before the lobby, after the close, and where there is no room', async () => {
    await fixture.configure({ phase: 'scheduled', startsAt: fixture.now() + 3_600_000 });
    const outcomes = async () =>
      (await fixture.room.join(saleId, ['one'].map(newcomer)))[0]?.outcome;
    expect(await outcomes()).toBe('sale-not-open');
    await fixture.configure({ phase: 'closed' });
    expect(await outcomes()).toBe('sale-not-open');
    expect((await fixture.room.join('sale_none', ['one'].map(newcomer)))[0]?.outcome).toBe(
      'unknown',
    );
    expect(await fixture.room.advance('sale_none')).toBeNull();
  });

  it('is refused when every unit is sold', async () => {
    await fixture.configure({ phase: 'open' });
    await fixture.room.picture(saleId, 1_000, [{ productId: 'p', free: 0, held: 0, sold: 9 }]);
    expect((await fixture.room.join(saleId, ['one'].map(newcomer)))[0]?.outcome).toBe('sold-out');
    await fixture.room.picture(saleId, 999, [{ productId: 'p', free: 9, held: 0, sold: 0 }]);
    expect((await fixture.room.join(saleId, ['one'].map(newcomer)))[0]?.outcome).toBe('sold-out');
    await fixture.room.picture(saleId, 1_001, [{ productId: 'p', free: 0, held: 1, sold: 8 }]);
    expect((await fixture.room.join(saleId, ['one'].map(newcomer)))[0]?.outcome).toBe('joined');
  });
});
