import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;

/** Ten a second, and as many at once. */
const perSecond = 10;

beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { admitPerMinute: perSecond * 60 }, false);
  await fixture.room.join(saleId, visitors(200).map(newcomer));
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

async function admittedAfter(ms: number): Promise<number | undefined> {
  await fixture.pass(ms);
  const snapshot = await fixture.room.advance(saleId, 0);
  halted = snapshot?.halted;
  return (await fixture.room.figures(saleId))?.admittedTotal;
}
let halted: boolean | undefined;
const lease = (ms = 2_500) => fixture.room.lease(saleId, fixture.now() + ms);

describe('the admission lease', () => {
  it('is needed from the beginning, and is no fault of ours until a checkout had the time', async () => {
    expect(await admittedAfter(1_000)).toBe(0);
    expect(halted).toBe(false);
    expect(await admittedAfter(3_000)).toBe(0);
    expect(halted).toBe(true);
    await lease();
    expect(await admittedAfter(0)).toBe(perSecond);
    expect(halted).toBe(false);
  });

  it('is needed when a scheduled sale opens by itself, and not spoken of before', async () => {
    await fixture.redis.flushall();
    await fixture.begin({}, { phase: 'scheduled', startsAt: fixture.now() + 120_000 });
    await fixture.room.join(saleId, visitors(20).map(newcomer));
    expect(await admittedAfter(119_000)).toBe(0);
    expect(halted).toBe(false);
    expect(await admittedAfter(2_000)).toBe(0);
    expect(halted).toBe(true);
    await lease();
    expect(await admittedAfter(0)).toBe(perSecond);
  });

  it('lets nobody in once it is over, and says so', async () => {
    await lease();
    expect(await admittedAfter(1_000)).toBe(perSecond);
    expect(await admittedAfter(1_000)).toBe(2 * perSecond);
    expect(await admittedAfter(500)).toBe(2 * perSecond);
    expect(halted).toBe(true);
    expect(await admittedAfter(60_000)).toBe(2 * perSecond);
  });

  it('goes on when it is back, with one burst at most for all the time without', async () => {
    await lease();
    expect(await admittedAfter(1_000)).toBe(perSecond);
    expect(await admittedAfter(60_000)).toBe(perSecond);
    await lease();
    expect(await admittedAfter(0)).toBe(2 * perSecond);
    expect(halted).toBe(false);
    expect(await admittedAfter(500)).toBe(2.5 * perSecond);
  });

  it('is never made shorter by a checkout whose commit took long', async () => {
    await lease(2_500);
    await lease(100);
    await fixture.pass(1_000);
    expect(await admittedAfter(1_000)).toBeGreaterThan(0);
    expect(halted).toBe(false);
  });

  it('that comes late, because Redis was frozen, lasts no longer for it', async () => {
    const until = fixture.now() + 2_500;
    await fixture.pass(3_000);
    await fixture.room.lease(saleId, until);
    expect(await admittedAfter(500)).toBe(0);
    expect(halted).toBe(true);
  });

  it('is as short as ever after a clock was set back', async () => {
    await fixture.pass(60_000);
    await lease();
    expect(await admittedAfter(1_000)).toBe(perSecond);
    expect(await admittedAfter(-60_000)).toBe(perSecond);
    await fixture.room.lease(saleId, fixture.now() + 62_500);
    expect(await admittedAfter(2_000)).toBe(2 * perSecond);
    expect(await admittedAfter(1_000)).toBe(2 * perSecond);
    expect(halted).toBe(true);
  });

  it('outlives a change of settings', async () => {
    await lease();
    await fixture.configure({ message: 'hello' });
    expect(await admittedAfter(3_000)).toBe(0);
    expect(halted).toBe(true);
  });

  it('is needed from the beginning in a room that was lost', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000 });
    await fixture.room.join(saleId, visitors(20).map(newcomer));
    await fixture.pass(12_000);
    expect(await admittedAfter(1_000)).toBe(0);
    expect(halted).toBe(true);
    await lease();
    expect(await admittedAfter(0)).toBe(perSecond);
  });

  it('is told apart from a room that is not there', async () => {
    await fixture.redis.flushall();
    await fixture.pass(0);
    expect(await lease()).toEqual({ outcome: 'no-room', now: fixture.now() });
  });
});
