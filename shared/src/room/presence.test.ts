import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { type LookQuestion, newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';
import { aheadOf } from './snapshot.ts';

const redisUrl = await freshRedisUrl(afterAll);
const abandonSeconds = 8;
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { abandonSeconds, phase: 'paused' });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const ticket = (visitor: string, number: number): LookQuestion => ({ visitor, number, ordinal: 1 });
async function crowd(count: number): Promise<LookQuestion[]> {
  const names = visitors(count);
  await fixture.room.join(saleId, names.map(newcomer));
  return names.map((visitor, i) => ticket(visitor, i + 1));
}

/** Lets time pass in which only these are heard of. */
async function hear(seconds: number, present: LookQuestion[]): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await fixture.pass(1_000);
    if (second % 2 === 0) await fixture.room.look(saleId, present);
    await fixture.room.advance(saleId, 0);
  }
}
const waiting = async () => (await fixture.room.advance(saleId, 0))?.waiting;

describe('a place that is not heard of', () => {
  it('stops counting within a quarter of abandonSeconds after it, wherever it stands', async () => {
    const all = await crowd(300);
    const present = all.filter((_, i) => i % 3 === 0);
    await hear(abandonSeconds, present);
    expect(await waiting()).toBe(300);
    await hear(abandonSeconds / 4 + 1, present);
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(snapshot?.waiting).toBe(100);
    for (const [rank, { number }] of present.entries()) {
      expect(aheadOf(snapshot!.lanes.main.positions, number)).toBe(rank);
    }
    expect((await fixture.room.figures(saleId))?.abandoned).toBe(200);
  });

  it('is taken out in steps where very many went at once, and blocks nobody meanwhile', async () => {
    const all = await crowd(3_000);
    const present = all.slice(2_900);
    await hear(abandonSeconds + abandonSeconds / 4, present);
    await fixture.configure({ phase: 'open', admitPerMinute: 6_000 });
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    const figures = await fixture.room.figures(saleId);
    expect(figures?.admittedTotal).toBe(100);
    expect(figures?.waiting).toBeLessThan(2_900);
    const states = await fixture.room.look(saleId, present);
    expect(new Set(states.map((reply) => reply.state))).toEqual(new Set(['admitted']));
  });

  it('stops counting at once, however many went together', async () => {
    const all: LookQuestion[] = [];
    for (let from = 0; from < 20_000; from += 1_000) {
      const names = visitors(1_000, `c${from / 1_000}-`);
      await fixture.room.join(saleId, names.map(newcomer));
      all.push(...names.map((visitor, i) => ticket(visitor, from + i + 1)));
    }
    const present = all.filter((_, i) => i % 500 === 0);
    await hear(abandonSeconds + abandonSeconds / 4, present);
    await fixture.pass(1_000);
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(snapshot?.waiting).toBe(present.length);
    const { positions } = snapshot!.lanes.main;
    expect(present.map(({ number }) => aheadOf(positions, number))).toEqual([...present.keys()]);
  });

  it('blocks nobody with a token that is not settled yet', async () => {
    await fixture.configure({ phase: 'open', admitPerMinute: 600 });
    await crowd(1);
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    await fixture.room.take(saleId, 'v000001', 1, 'jti-1');
    await fixture.room.leave(saleId, ticket('v000001', 1));
    await fixture.room.join(saleId, [newcomer('v000001'), newcomer('other')]);
    const other = ticket('other', 3);
    await hear(abandonSeconds, [other]);
    expect((await fixture.room.look(saleId, [other]))[0]?.state).toBe('waiting');
    await hear(abandonSeconds, [other]);
    expect((await fixture.room.look(saleId, [other]))[0]?.state).toBe('admitted');
  });

  it('keeps its number and comes back where it stood, while that is ahead of the frontier', async () => {
    const all = await crowd(10);
    const [, second, ...others] = all;
    await hear(2 * abandonSeconds, others);
    expect(await waiting()).toBe(8);
    const [back] = await fixture.room.look(saleId, [second!]);
    expect(back).toMatchObject({ state: 'waiting', number: 2, score: 2, isOwn: true });
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(aheadOf(snapshot!.lanes.main.positions, 2)).toBe(0);
    expect(snapshot?.waiting).toBe(9);
  });

  it('is abandoned again when it came back behind the frontier and went once more', async () => {
    const all = await crowd(10);
    const [first, ...others] = all;
    await hear(2 * abandonSeconds, others);
    await fixture.configure({ phase: 'open', admitPerMinute: 60 });
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    await fixture.configure({ phase: 'paused' });
    const [back] = await fixture.room.look(saleId, [first!]);
    expect(back).toMatchObject({ state: 'waiting', number: 1, score: 2.5, isOwn: false });
    expect(await waiting()).toBe(9);
    await hear(2 * abandonSeconds, others);
    expect(await waiting()).toBe(8);
  });
});

describe('a place that is heard of', () => {
  it('is not abandoned by a phone that slept for less than abandonSeconds', async () => {
    const all = await crowd(3);
    await hear(2 * abandonSeconds, all);
    await hear(abandonSeconds - 1, all.slice(1));
    await hear(2 * abandonSeconds, all);
    expect(await waiting()).toBe(3);
    expect((await fixture.room.figures(saleId))?.abandoned).toBe(0);
  });

  it('is kept by any one of many tabs', async () => {
    const all = await crowd(2);
    for (let second = 0; second < 3 * abandonSeconds; second += 1) {
      await fixture.pass(1_000);
      const [first, other] = all;
      await fixture.room.look(saleId, [first!, first!, first!, ...(second % 4 ? [] : [other!])]);
      await fixture.room.advance(saleId, 0);
    }
    expect(await waiting()).toBe(2);
  });

  it('is kept through a gap in which nobody could poll, longer than abandonSeconds', async () => {
    const all = await crowd(5);
    await hear(2 * abandonSeconds, all);
    for (let second = 0; second < 10 * abandonSeconds; second += 1) {
      await fixture.pass(1_000);
      await fixture.room.advance(saleId, 0);
    }
    await fixture.room.look(saleId, all.slice(0, 1));
    await fixture.pass(1_000);
    expect(await waiting()).toBe(5);
    await hear(abandonSeconds - 2, all.slice(0, 3));
    expect(await waiting()).toBe(5);
    await hear(abandonSeconds, all.slice(0, 3));
    expect(await waiting()).toBe(3);
  });

  it('stops counting behind the frontier too, however many who are there stand before it', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000, frontier: 5_000 });
    const present = visitors(260, 'a').map((visitor, i) => ticket(visitor, i + 1));
    const absent = visitors(100, 'z').map((visitor, i) => ticket(visitor, 1_000 + i));
    await fixture.room.look(saleId, [...present, ...absent]);
    await hear(60, present);
    expect(await waiting()).toBe(260);
  });
});
