import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
const tokenSeconds = 60;
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { tokenSeconds }, false);
  await lease();
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const lease = () => fixture.room.lease(saleId, fixture.now() + 2_500);
/** Seconds in which a checkout can commit, or in which none can. */
async function live(seconds: number, canCommit = true): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await fixture.pass(1_000);
    if (canCommit) await lease();
    await fixture.room.advance(saleId, 0);
  }
}
const ticket = (visitor: string, number = 1) => ({ visitor, number, ordinal: 1 });
const seen = async (visitor: string) => (await fixture.room.look(saleId, [ticket(visitor)]))[0];

/** Lets `a` in, and takes the token. Returns the deadline in ms. */
async function admitted(): Promise<number> {
  await fixture.room.join(saleId, [newcomer('a')]);
  await live(1);
  const { outcome, untilMs } = await fixture.room.take(saleId, 'a', 1, 'jti-a');
  expect(outcome).toBe('issued');
  return untilMs;
}

describe('a time in which no checkout could commit', () => {
  it('is given back to whoever was let in, in what they are told and in their token', async () => {
    const until = await admitted();
    await live(10);
    await live(20, false);
    await live(1);
    const lost = (await seen('a'))!.untilMs - until;
    expect(lost).toBeGreaterThanOrEqual(17_000);
    expect(lost).toBeLessThanOrEqual(21_000);
    const again = await fixture.room.take(saleId, 'a', 1, 'jti-a');
    expect(again).toMatchObject({ outcome: 'issued', untilMs: until + lost });
  });

  it('ends no admission while it lasts, nor settles its token', async () => {
    const until = await admitted();
    await live(50);
    await live(100, false);
    expect(fixture.now()).toBeGreaterThan(until);
    expect((await seen('a'))?.state).toBe('issued');
    expect(await fixture.room.due(saleId, 5_000, 10)).toEqual([]);
    await live(2);
    expect((await seen('a'))?.state).toBe('issued');
    // Some eight seconds were left when it began.
    await live(20);
    expect((await seen('a'))?.state).toBe('expired');
    expect(await fixture.room.due(saleId, 5_000, 10)).toHaveLength(1);
  });

  it('is given back once', async () => {
    const until = await admitted();
    await live(5);
    await live(10, false);
    await live(5);
    const once = (await seen('a'))!.untilMs;
    expect(once).toBeGreaterThan(until);
    await live(10, false);
    await live(1);
    expect((await seen('a'))!.untilMs).toBe(once);
  });

  it('is nothing to those who are let in after it', async () => {
    await live(10, false);
    await live(1);
    const until = await admitted();
    expect((await seen('a'))?.untilMs).toBe(until);
    expect(until).toBe(fixture.now() + tokenSeconds * 1_000);
  });

  it('keeps those who did not take their token yet, and their units', async () => {
    await fixture.configure({ units: 1 });
    await fixture.room.join(saleId, visitors(2).map(newcomer));
    await live(1);
    await live(10);
    await live(90, false);
    await live(1);
    expect((await seen('v000001'))?.state).toBe('admitted');
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(1);
    await live(60);
    expect((await seen('v000001'))?.state).toBe('expired');
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(2);
  });
});

describe('a fault of ours that one shopper met', () => {
  const fault = (ms: number) => fixture.room.fault(saleId, 'a', 'jti-a', ms);

  it('gives them time once', async () => {
    const until = await admitted();
    await live(40);
    expect(await fault(30_000)).toEqual({ outcome: 'given', until: until + 30_000 });
    expect(await fault(35_000)).toEqual({ outcome: 'kept', until: until + 30_000 });
    expect((await seen('a'))?.untilMs).toBe(until + 30_000);
    await live(30);
    expect((await seen('a'))?.state).toBe('issued');
    expect(await fixture.room.due(saleId, 5_000, 10)).toEqual([]);
    await live(25);
    expect((await seen('a'))?.state).toBe('expired');
    expect(await fixture.room.due(saleId, 5_000, 10)).toHaveLength(1);
  });

  it('leaves them no more time than they had at first', async () => {
    await admitted();
    await live(10);
    const { outcome, until } = await fault(9_000_000);
    expect(outcome).toBe('given');
    expect(until).toBe(fixture.now() + tokenSeconds * 1_000);
  });

  it('gives nothing to another token, nor after the deadline', async () => {
    await admitted();
    await live(50);
    expect((await fixture.room.fault(saleId, 'a', 'jti-b', 9_000)).outcome).toBe('kept');
    expect((await fixture.room.fault(saleId, 'b', 'jti-a', 9_000)).outcome).toBe('kept');
    expect((await fixture.room.fault('sale_none', 'a', 'jti-a', 9_000)).outcome).toBe('no-room');
    await live(10);
    expect((await fault(9_000)).outcome).toBe('kept');
  });

  it('is no second gift beside the time that all were given: the larger one counts', async () => {
    const until = await admitted();
    await live(30);
    await live(10, false);
    await live(1);
    expect((await fault(5_000)).outcome).toBe('kept');
    expect(await fault(20_000)).toEqual({ outcome: 'given', until: until + 20_000 });
    expect((await seen('a'))?.untilMs).toBe(until + 20_000);
  });

  it('takes nothing of the time that all are given where it was the beginning of that', async () => {
    const until = await admitted();
    await live(50);
    expect((await fault(10_000)).outcome).toBe('given');
    await live(60, false);
    await live(1);
    const given = (await seen('a'))!.untilMs - until;
    expect(given).toBeGreaterThanOrEqual(57_000);
    expect(given).toBeLessThanOrEqual(61_000);
  });

  it('keeps the places of a full room: nobody more is let in for it', async () => {
    await fixture.configure({ maxActive: 1 });
    await admitted();
    await fixture.room.join(saleId, [newcomer('b')]);
    await live(55);
    await fault(20_000);
    await live(24);
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(1);
    await live(2);
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(2);
  });
});
