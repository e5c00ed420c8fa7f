import { newcomer, type RoomFields } from '@fairgate/shared/room/room.ts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freshRedisUrl, type OwnPostgres, startOwnPostgres } from '../../e2e/support/stores.ts';
import { holdsFor } from '../../e2e/support/wait.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { openRoom } from './testing/room-rig.ts';

let postgres: OwnPostgres;
let rig: Rig;
let redisUrl: string;
const stopWithinMs = 3_000;

beforeAll(async () => {
  postgres = await startOwnPostgres(afterAll);
  redisUrl = await freshRedisUrl(afterAll);
  const databaseUrl = postgres.url;
  rig = await makeRig({ databaseUrl, redisUrl, units: [1_000], instances: 2, loops: true });
});
afterAll(() => rig.close());

/** The sale's room with a crowd in it, as the queue service begins it: without a lease. */
async function crowdedRoom(changes: Partial<RoomFields> = {}) {
  const fields = { units: 1_000, admitPerMinute: 600, ...changes };
  const room = await openRoom(redisUrl, rig.saleId, fields, { leased: false });
  onTestFinished(async () => {
    await room.redis.flushall();
    room.close();
  });
  await room.room.join(
    rig.saleId,
    Array.from({ length: 900 }, (_, i) => newcomer(`v${i}`)),
  );
  const advance = () => room.room.advance(rig.saleId, 0);
  const admitted = async () => (await room.figures()).admittedTotal;
  return { advance, admitted };
}

describe('admission, with Postgres away', () => {
  it('stops within 3 s, says so, and goes on when Postgres is back', async () => {
    const { advance, admitted } = await crowdedRoom();
    await eventually(async () => (await advance()) && (await admitted()) > 0);

    await postgres.stop();
    const goneAt = Date.now();
    await eventually(async () => (await advance())?.halted);
    expect(Date.now() - goneAt).toBeLessThan(stopWithinMs);
    const before = await admitted();
    await holdsFor(2, async () => {
      await advance();
      expect(await admitted()).toBe(before);
    });

    await postgres.start();
    await eventually(async () => (await advance())?.halted === false, 15);
    await eventually(async () => (await advance()) && (await admitted()) > before);
  });

  it('does not begin when a scheduled sale opens, and begins when Postgres is back', async () => {
    await postgres.stop();
    const startsAt = Date.now() + 1_000;
    const scheduled = { phase: 'scheduled', startsAt, lobbySeconds: 900 };
    const { advance, admitted } = await crowdedRoom(scheduled);
    await eventually(async () => (await advance())?.state === 'open');
    await eventually(async () => (await advance())?.halted);
    expect(await admitted()).toBe(0);
    await postgres.start();
    await eventually(async () => (await advance()) && (await admitted()) > 0, 15);
  });
});
