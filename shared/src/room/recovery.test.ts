import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { testRunKey } from './clocked-scripts.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { admitPerMinute: 60, tokenSeconds: 30 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const ticket = (visitor: string, number: number) => ({ visitor, number, ordinal: 1 });
async function advance(ms = 1_000) {
  await fixture.pass(ms);
  return await fixture.room.advance(saleId, 0);
}

/** Redis as it was at this moment, to be had again. */
async function saved(): Promise<() => Promise<void>> {
  const keys = (await fixture.redis.keys('fg:*')).sort();
  const dumps = await Promise.all(keys.map((key) => fixture.redis.dumpBuffer(key)));
  return async () => {
    const now = await fixture.redis.get('test:clock');
    await fixture.redis.flushall();
    for (const [i, key] of keys.entries()) {
      const dump = dumps[i];
      if (dump) await fixture.redis.restore(key, 0, dump);
    }
    await fixture.redis.set('test:clock', now ?? 0);
    await fixture.redis.set(testRunKey, 'second');
  };
}

describe('a Redis that comes back without its last second', () => {
  it('gives no number twice, and takes back the places that it does not know', async () => {
    await fixture.configure({ phase: 'paused' });
    await fixture.room.join(saleId, visitors(5).map(newcomer));
    const restore = await saved();
    await fixture.room.join(saleId, visitors(3, 'lost').map(newcomer));
    await restore();
    const [late] = await fixture.room.join(saleId, [newcomer('late')]);
    expect(late?.number).toBeGreaterThan(10_000);
    const replies = await fixture.room.look(saleId, [
      ...visitors(5).map((name, i) => ticket(name, i + 1)),
      ...visitors(3, 'lost').map((name, i) => ticket(name, i + 6)),
    ]);
    expect(replies.map((reply) => reply.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(replies.every((reply) => reply.isOwn)).toBe(true);
    expect(await advance()).toMatchObject({ waiting: 9, epoch: 1 });
  });

  it('promises late money nothing that admissions of that second may have taken', async () => {
    await fixture.configure({ units: 1 });
    const restore = await saved();
    await fixture.room.join(saleId, [newcomer('a')]);
    await advance();
    await restore();
    expect(await fixture.room.promise(saleId, 'again:ord_1', 1)).toBe('none');
  });

  it('lets nobody in before those near the front are back', async () => {
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    const restore = await saved();
    await restore();
    await advance();
    await advance(10_000);
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(0);
    await advance(2_000);
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(1);
  });

  it('counts admissions that it forgot until their tokens have died', async () => {
    await fixture.configure({ units: 3, maxActive: 100 });
    await fixture.room.join(saleId, visitors(10).map(newcomer));
    await advance();
    const restore = await saved();
    await advance();
    await advance();
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(3);
    await restore();
    for (let i = 0; i < 14; i += 1) await advance();
    // One is let in that the room knows of, and two or more may be that it does not.
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(1);
    for (let i = 0; i < 40; i += 1) await advance();
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBeGreaterThan(1);
  });

  it('yields the same admission to who had been let in, and no second one', async () => {
    await fixture.room.join(saleId, visitors(2).map(newcomer));
    const restore = await saved();
    await advance();
    await fixture.room.take(saleId, 'v000001', 1, 'jti-1');
    await restore();
    expect((await fixture.room.take(saleId, 'v000001', 1, 'jti-1')).outcome).toBe('not-admitted');
    for (let i = 0; i < 14; i += 1) await advance();
    const again = await fixture.room.take(saleId, 'v000001', 1, 'jti-1');
    expect(again).toMatchObject({ outcome: 'issued', ordinal: 1 });
  });

  it('abandons nobody whom it has not heard of for that', async () => {
    await fixture.configure({ abandonSeconds: 8, phase: 'paused' });
    const names = visitors(4);
    await fixture.room.join(saleId, names.map(newcomer));
    const restore = await saved();
    for (let i = 0; i < 20; i += 1) {
      await advance();
      await fixture.room.look(
        saleId,
        names.map((name, at) => ticket(name, at + 1)),
      );
    }
    await restore();
    await fixture.room.look(saleId, [ticket('v000001', 1)]);
    expect((await advance())?.waiting).toBe(4);
    expect((await fixture.room.figures(saleId))?.abandoned).toBe(0);
  });

  it('is noticed once', async () => {
    await fixture.room.join(saleId, visitors(1).map(newcomer));
    await fixture.redis.set(testRunKey, 'second');
    await advance();
    await advance();
    await fixture.room.join(saleId, [newcomer('next')]);
    expect(await fixture.room.figures(saleId)).toMatchObject({ epoch: 1, next: 10_002 });
  });
});
