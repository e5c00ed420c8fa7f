import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { permutation } from '../draw/permutation.ts';
import { roomKey } from './keys.ts';
import {
  type LotteryFixture,
  lotteryFixture,
  numbersByRank,
  testKey,
  ticketOf,
} from './lottery-fixture.ts';
import { type LookQuestion, newcomer } from './room.ts';
import { saleId } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
const base = 2 ** 30;
let fixture: LotteryFixture;
beforeEach(async () => {
  fixture = await lotteryFixture(redisUrl);
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

describe('the place of an entrant who was drawn', () => {
  it('is at their rank when they come back, or right behind the frontier once it is past that', async () => {
    const entrants = 40;
    const names = await fixture.fill(entrants);
    const order = numbersByRank(entrants);
    const [first = 0, last = 0] = [order[0], order[entrants - 1]];
    const absent = [first, last].map((number) => ticketOf(names[number - 1] ?? '', number));
    // The others poll through the lobby; these two fall asleep.
    for (let i = 0; i < 8; i += 1) {
      await fixture.pass(30_000);
      await fixture.configure({ startsAt: fixture.now() + 30_000 });
      const present = names.map((name, at) => ticketOf(name, at + 1));
      await fixture.room.look(
        saleId,
        present.filter(({ number }) => !isOneOf(absent, number)),
      );
      await fixture.room.advance(saleId, 0);
    }
    expect(await fixture.room.figures(saleId)).toMatchObject({
      waiting: entrants - 2,
      abandoned: 2,
    });
    await fixture.pass(30_000);
    await fixture.configure({ admitPerMinute: 60 });
    await fixture.room.advance(saleId, 0);
    await fixture.drawAll(entrants);
    await fixture.room.advance(saleId, 0);
    expect(await fixture.admitted()).toEqual([order[1]]);
    const { rankOf } = permutation(testKey, entrants);
    const back = await fixture.room.look(saleId, absent);
    expect(back.map(({ score }) => score + base)).toEqual([2.5, rankOf(last)]);
    await fixture.configure({ admitPerMinute: 600_000 });
    await fixture.letAllIn();
    expect(await fixture.admitted()).toEqual([first, ...order.slice(2)]);
  });

  it('is the same in a room that begins again, where the lobby ticket tells it', async () => {
    const entrants = 60;
    const names = await fixture.fill(entrants);
    await fixture.start();
    await fixture.configure({ admitPerMinute: 300 });
    await fixture.drawAll(entrants);
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    const order = numbersByRank(entrants);
    expect(await fixture.admitted()).toEqual(order.slice(0, 5));
    const { frontier = 0, next = 0 } = (await fixture.room.figures(saleId)) ?? {};
    expect(frontier).toBe(5 - base);

    await fixture.redis.flushall();
    const draw = { key: testKey, entrants };
    await fixture.begin({ next: next + 10_000, frontier, draw, logSeq: 2_000_000, epoch: 1 });
    const [passed = 0, looked = 0, joined = 0] = [order[2], order[10], order[20]];
    const name = (number: number) => names[number - 1] ?? '';
    const [behind, own] = await fixture.room.look(
      saleId,
      [passed, looked].map((number) => ticketOf(name(number), number)),
    );
    expect(behind).toMatchObject({ state: 'waiting', number: passed, score: 5.5 - base });
    expect(own).toMatchObject({ state: 'waiting', number: looked, score: 11 - base, isOwn: true });
    const again = await fixture.room.join(saleId, [ticketOf(name(joined), joined)]);
    expect(again).toMatchObject([{ outcome: 'kept', number: joined, score: 21 - base }]);
    const [fresh] = await fixture.room.join(saleId, [newcomer('fresh')]);
    expect(fresh).toMatchObject({ outcome: 'joined', number: next + 10_001 });
    await fixture.pass(13_000);
    await fixture.letAllIn();
    expect(await fixture.admitted()).toEqual([passed, looked, joined, next + 10_001]);
  });

  it('is nobody else’s, should nothing else be known of a lost room', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ draw: { key: testKey, entrants: 60 }, logSeq: 2_000_000 });
    const [fresh] = await fixture.room.join(saleId, [newcomer('fresh')]);
    expect(fresh?.number).toBeGreaterThan(60);
    expect(await fixture.redis.hget(roomKey(saleId, 'room'), 'draws')).toBe('drawn');
  });
});

function isOneOf(tickets: readonly LookQuestion[], number: number): boolean {
  return tickets.some((one) => one.number === number);
}
