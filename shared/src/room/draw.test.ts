import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { permutation } from '../draw/permutation.ts';
import vectors from '../draw/permutation-vectors.json' with { type: 'json' };
import { clockedScripts } from './clocked-scripts.ts';
import { drawStep, drawSteps } from './draw-steps.ts';
import { roomKeys } from './keys.ts';
import {
  admittedIn,
  finished,
  type LotteryFixture,
  lotteryFixture,
  numbersByRank,
  testKey,
  ticketOf,
} from './lottery-fixture.ts';
import { newcomer } from './room.ts';
import { saleId } from './room-fixture.ts';
import { shownNumber } from './snapshot.ts';

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

describe('the draw', () => {
  it.each([1, 2, 3, 31, 32, 33, 250, 1_023, 1_025])(
    'lets %i entrants in by their ranks',
    async (entrants) => {
      const names = await fixture.fill(entrants);
      await fixture.start();
      await fixture.drawAll(entrants);
      const places = await fixture.room.look(
        saleId,
        names.map((name, i) => ticketOf(name, i + 1)),
      );
      const { rankOf } = permutation(testKey, entrants);
      expect(places.map(({ score }) => score)).toEqual(names.map((_, i) => rankOf(i + 1) - base));
      await fixture.letAllIn();
      expect(await fixture.admitted()).toEqual(numbersByRank(entrants));
    },
  );

  it('gives the ranks of the vectors that other implementations are held against', async () => {
    for (const { key: drawn, entrants, ranks } of vectors) {
      if (entrants > 5_000) continue;
      await fixture.redis.flushall();
      fixture.redis.disconnect();
      fixture = await lotteryFixture(redisUrl);
      const names = await fixture.fill(entrants);
      await fixture.start();
      await fixture.drawAll(entrants, undefined, drawn);
      const asked = ranks.map(([number = 0]) => ticketOf(names[number - 1] ?? '', number));
      const places = await fixture.room.look(saleId, asked);
      expect(places.map(({ score }) => score + base)).toEqual(ranks.map(([, rank]) => rank));
    }
  });

  it('of 20,000 is done in steps, and lets all of them in by their ranks', async () => {
    await fixture.fill(20_000);
    await fixture.start();
    expect(await fixture.drawAll(20_000)).toBe(20_000 / drawStep);
    await fixture.letAllIn(3);
    expect(await fixture.admitted()).toEqual(numbersByRank(20_000));
  }, 60_000);

  it('goes on while entrants look, leave and join again, and others come, between its steps', async () => {
    const entrants = 2.6 * drawStep;
    const names = await fixture.fill(entrants);
    await fixture.start();
    const rankOf = permutation(testKey, entrants).rankOf;
    const left = new Set<number>();
    let step = 0;
    const between = async () => {
      step += 1;
      const [early, middle, late] = [step, Math.round(entrants / 2) + step, entrants - step];
      for (const number of [early, middle, late]) {
        const own = ticketOf(names[number - 1] ?? '', number);
        expect(await fixture.room.look(saleId, [own])).toMatchObject([
          { state: 'waiting', number },
        ]);
        expect(await fixture.room.join(saleId, [own])).toMatchObject([{ outcome: 'kept', number }]);
        left.add(number);
        expect(await fixture.room.leave(saleId, own)).toBe('left');
      }
      const again = ticketOf(names[early - 1] ?? '', early);
      const joined = await fixture.room.join(saleId, [again]);
      expect(joined).toMatchObject([{ outcome: 'joined', number: entrants + 2 * step - 1 }]);
      await fixture.room.join(saleId, [newcomer(`late-${step}`)]);
      await fixture.room.advance(saleId, 0);
    };
    expect(await fixture.drawAll(entrants, between)).toBe(3);
    expect(step).toBe(2);
    await fixture.letAllIn(2);
    const drawn = numbersByRank(entrants).filter((number) => !left.has(number));
    const behind = [1, 2, 3, 4].map((i) => entrants + i);
    expect(await fixture.admitted()).toEqual([...drawn, ...behind]);
    expect(rankOf(1)).toBeGreaterThan(0);
  });

  it('gives no rank to who moved between the two calls of a step', async () => {
    const names = await fixture.fill(20);
    await fixture.start();
    const own = (number: number) => ticketOf(names[number - 1] ?? '', number);
    const keys = roomKeys(saleId);
    const steps = drawSteps(async (_, args) => {
      const isGiving = args.length > 5;
      if (isGiving) {
        for (const number of [1, 2]) await fixture.room.leave(saleId, own(number));
        await fixture.room.join(saleId, [own(2), { ...own(3), pass: 'pass-3' }]);
      }
      return await fixture.redis.eval(clockedScripts().draw.source, keys.length, ...keys, ...args);
    });
    expect(await steps.step(saleId, finished(20))).toBe('drawn');
    await fixture.letAllIn();
    const lines = await fixture.readLog();
    const drawn = numbersByRank(20).filter((number) => number > 3);
    expect(admittedIn(lines, 'main')).toEqual([...drawn, 21]);
    expect(admittedIn(lines, 'priority')).toEqual([22]);
    expect(lines.filter(({ kind }) => kind === 'drawn')).toHaveLength(1);
  });

  it('gives the same where Redis answers both drawers in turn', async () => {
    await fixture.fill(3 * drawStep);
    await fixture.start();
    const drawers = [0, 1].map(async () => await fixture.drawAll(3 * drawStep));
    await Promise.all(drawers);
    await fixture.letAllIn();
    expect(await fixture.admitted()).toEqual(numbersByRank(3 * drawStep));
  });

  it('lets nobody in, and tells nobody where they stand, until it is done', async () => {
    const entrants = 1.2 * drawStep;
    const names = await fixture.fill(entrants);
    await fixture.start();
    const look = async () => await fixture.room.advance(saleId, 0);
    expect(await look()).toMatchObject({ state: 'open', waiting: entrants, drawn: null });
    expect(await fixture.room.draw(saleId, finished(entrants))).toBe('more');
    await fixture.pass(1_000);
    const half = await look();
    expect(half).toMatchObject({ waiting: entrants, drawn: null, admittedPerMinute: 0 });
    expect(half?.lanes.main.positions.head).toEqual([]);
    expect(half === null ? 0 : shownNumber(half, 1)).toBe(1);
    expect(await fixture.room.draw(saleId, finished(entrants))).toBe('drawn');
    const whole = await look();
    expect(whole?.drawn).toEqual({ key: testKey, entrants });
    const { rankOf } = permutation(testKey, entrants);
    expect(names.map((_, i) => (whole === null ? 0 : shownNumber(whole, i + 1)))).toEqual(
      names.map((_, i) => rankOf(i + 1)),
    );
  });

  it('is done once: another key changes nothing any more', async () => {
    const [name = ''] = await fixture.fill(50);
    await fixture.start();
    await fixture.drawAll(50);
    const before = await fixture.room.look(saleId, [ticketOf(name, 1)]);
    expect(await fixture.room.draw(saleId, finished(50, 'ab'.repeat(32)))).toBe('drawn');
    expect(await fixture.room.look(saleId, [ticketOf(name, 1)])).toEqual(before);
  });

  it('is of those who were in the lobby at the start; whoever joins later stands behind them', async () => {
    await fixture.fill(5);
    await fixture.pass(60_000);
    // Before anybody has looked.
    const [late] = await fixture.room.join(saleId, [newcomer('late')]);
    expect(late).toMatchObject({ outcome: 'joined', number: 6 });
    expect((await fixture.room.figures(saleId))?.draw).toMatchObject({ lobbyLast: 5 });
    await fixture.drawAll(5);
    await fixture.room.join(saleId, [newcomer('later')]);
    await fixture.letAllIn();
    expect(await fixture.admitted()).toEqual([...numbersByRank(5), 6, 7]);
    expect(await fixture.room.take(saleId, 'later', 1, 'jti-later')).toMatchObject({
      outcome: 'issued',
      number: 7,
      place: 7,
    });
  });

  it('of an empty lobby leaves everybody who comes in the order of their arrival', async () => {
    await fixture.start();
    await fixture.drawAll(0);
    await fixture.fill(3);
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(snapshot?.drawn).toEqual({ key: testKey, entrants: 0 });
    expect(snapshot === null ? 0 : shownNumber(snapshot, 2)).toBe(2);
    await fixture.letAllIn();
    expect(await fixture.admitted()).toEqual([1, 2, 3]);
  });

  it('puts both lanes in the order of the ranks, each by itself', async () => {
    await fixture.fill(30);
    await fixture.fill(20, 'priority', 'p');
    await fixture.start();
    await fixture.drawAll(50);
    await fixture.letAllIn();
    const order = numbersByRank(50);
    const lines = await fixture.readLog();
    expect(admittedIn(lines, 'main')).toEqual(order.filter((number) => number <= 30));
    expect(admittedIn(lines, 'priority')).toEqual(order.filter((number) => number > 30));
  });

  it('gives a token the rank as its number, and the place its own', async () => {
    const names = await fixture.fill(9);
    await fixture.start();
    await fixture.drawAll(9);
    await fixture.letAllIn();
    const { rankOf } = permutation(testKey, 9);
    for (const [i, name] of names.entries()) {
      const taken = await fixture.room.take(saleId, name, 1, `jti-${i}`);
      expect(taken).toMatchObject({ outcome: 'issued', number: rankOf(i + 1), place: i + 1 });
    }
  });
});
