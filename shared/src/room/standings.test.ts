import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId } from './room-fixture.ts';

let fixture: RoomFixture;
let stop: () => Promise<void>;
beforeEach(async () => {
  const redisUrl = await freshRedisUrl((end) => {
    stop = end;
  });
  fixture = await roomFixture(redisUrl, { admitPerMinute: 0, abandonSeconds: 20 });
});
afterEach(async () => {
  fixture.redis.disconnect();
  await stop();
});

const states = async (visitors: string[]) =>
  (await fixture.room.standing(saleId, visitors)).map(({ state }) => state);

/** They poll, and the line moves, second after second. */
async function seconds(count: number, present: string[]) {
  for (let i = 0; i < count; i += 1) {
    await fixture.pass(1_000);
    await fixture.room.look(
      saleId,
      present.map((visitor) => ({ visitor, number: 0, ordinal: 1 })),
    );
    await fixture.room.advance(saleId, 0);
  }
}

test('where people stand is told, and nobody is there or put back by it', async () => {
  const { room } = fixture;
  const [a, b] = await room.join(saleId, ['a', 'b'].map(newcomer));
  const [first, second, third] = await room.standing(saleId, ['a', 'b', 'stranger']);
  expect(first).toMatchObject({ state: 'waiting', number: a?.number, score: a?.score });
  expect(second).toMatchObject({ state: 'waiting', number: b?.number });
  expect(third).toMatchObject({ state: 'unknown', number: 0 });
  for (let i = 0; i < 60; i += 1) {
    await seconds(1, ['a']);
    await room.standing(saleId, ['b', 'stranger']);
  }
  expect(await states(['a', 'b', 'stranger'])).toEqual(['waiting', 'away', 'unknown']);
  await room.leave(saleId, { visitor: 'a', number: a?.number ?? 0, ordinal: 1 });
  expect(await states(['a'])).toEqual(['left']);
});

test('whoever is let in is named with their deadline, and then with what became of them', async () => {
  const { room } = fixture;
  await room.join(saleId, ['a', 'b'].map(newcomer));
  expect(await room.admitted(saleId, 0, 10)).toEqual([]);
  await fixture.configure({ admitPerMinute: 600_000 });
  await seconds(1, ['a', 'b']);
  const untilMs = fixture.now() + 60_000;
  const named = await room.admitted(saleId, 0, 10);
  expect(named.map(({ visitor }) => visitor).sort()).toEqual(['a', 'b']);
  expect(named[0]?.untilMs).toBe(untilMs);
  expect(await room.admitted(saleId, untilMs, 10)).toEqual([]);
  expect(await room.admitted(saleId, 0, 1)).toHaveLength(1);
  expect(await room.standing(saleId, ['a'])).toMatchObject([{ state: 'admitted', untilMs }]);
  await fixture.pass(60_001);
  expect(await states(['a'])).toEqual(['expired']);
});

test('of a room that is not there nobody is known', async () => {
  expect(await fixture.room.standing('sale_none', ['a'])).toMatchObject([{ state: 'unknown' }]);
  expect(await fixture.room.admitted('sale_none', 0, 10)).toEqual([]);
});
