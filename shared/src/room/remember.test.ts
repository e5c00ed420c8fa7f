import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer, type UsedUp } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
const visitor = 'v';
const frontier = 40;

/** A room that Redis lost when the line had been let in up to number 40. */
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { units: 3 });
  await fixture.redis.flushall();
  await fixture.begin({ next: 10_100, frontier });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const ticket = (number: number, ordinal = 1) => ({ visitor, number, ordinal });
const look = async (number: number, ordinal = 1) =>
  (await fixture.room.look(saleId, [ticket(number, ordinal)]))[0];
const join = async (number: number, ordinal = 1) =>
  (await fixture.room.join(saleId, [ticket(number, ordinal)]))[0];
const done: UsedUp = { visitor, number: 1, jti: 'jti-1', state: 'done', ordinal: 1 };
const lapsed = (ordinal: number, number: number): UsedUp => {
  return { visitor, number, jti: `jti-${ordinal}`, state: 'expired', ordinal };
};
async function admitted() {
  await fixture.pass(12_000);
  await fixture.room.advance(saleId, 0);
}
/** As the edge does: asks again with the ordinal that it is told. */
async function take(ordinal: number) {
  let reply = await fixture.room.take(saleId, visitor, ordinal, `jti-${ordinal}`);
  for (let i = 0; reply.outcome === 'ordinal' && i < 8; i += 1) {
    reply = await fixture.room.take(saleId, visitor, reply.ordinal, `jti-${reply.ordinal}`);
  }
  return reply;
}

describe('a room that was made anew', () => {
  it('knows who bought before: they are done, and use up nothing', async () => {
    await look(1);
    await fixture.room.remember(saleId, [done]);
    expect(await join(1)).toMatchObject({ outcome: 'kept', number: 1, state: 'done' });
    await fixture.room.join(saleId, visitors(5, 'w').map(newcomer));
    await admitted();
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(3);
  });

  it.each(['before', 'after'])(
    'tells who let a token lapse that it is over, whether they come %s it knows',
    async (when) => {
      if (when === 'before') await look(7);
      await fixture.room.remember(saleId, [lapsed(1, 7)]);
      await fixture.room.remember(saleId, [lapsed(1, 7)]);
      expect(await look(7)).toMatchObject({ state: 'expired', number: 7 });
      await admitted();
      expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(0);
      expect(await join(7)).toMatchObject({ outcome: 'joined', number: 10_101, ordinal: 2 });
    },
  );

  it('counts those who come again behind all others, with a token of their own', async () => {
    // The first admission was not taken: its ordinal left no trace but the ticket's.
    await fixture.room.remember(
      saleId,
      [lapsed(2, 7)].map((it) => ({ ...it, ordinal: 1 })),
    );
    expect(await join(7, 2)).toMatchObject({ outcome: 'joined', number: 10_101, ordinal: 3 });
    await admitted();
    expect(await take(3)).toMatchObject({ outcome: 'issued', ordinal: 3 });
  });

  it('leaves those in line who had joined again since their token lapsed', async () => {
    await look(60, 2);
    await fixture.room.remember(saleId, [lapsed(1, 7)]);
    expect(await look(60, 2)).toMatchObject({ state: 'waiting', number: 60, ordinal: 2 });
    await fixture.room.leave(saleId, ticket(60, 2));
    expect((await look(60, 2))?.state).toBe('left');
  });

  it('puts those back who had joined again since, and come after it knows', async () => {
    await fixture.room.remember(saleId, [lapsed(1, 7)]);
    expect(await look(60, 2)).toMatchObject({
      state: 'waiting',
      number: 60,
      ordinal: 2,
      score: 60,
    });
    await fixture.room.remember(saleId, [lapsed(1, 7)]);
    expect(await join(60, 2)).toMatchObject({ outcome: 'kept', number: 60, state: 'waiting' });
  });

  it('gives no token out that is used up, whatever ordinal a ticket says', async () => {
    await fixture.room.remember(saleId, [lapsed(1, 7), lapsed(2, 9)]);
    const late = report({ kind: 'lapsed', jti: 'jti-3', visitor, seq: 0 });
    await fixture.room.settle(saleId, [late]);
    // An old ticket, from before both.
    expect(await join(60, 1)).toMatchObject({ outcome: 'kept', ordinal: 1 });
    await admitted();
    expect(await take(1)).toMatchObject({ outcome: 'issued', ordinal: 4 });
    expect(await fixture.room.due(saleId, -3_600_000, 10)).toEqual([
      { jti: 'jti-4', visitor, promise: 1, number: 60 },
    ]);
  });
});
