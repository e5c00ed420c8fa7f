import { newcomer } from '@fairgate/shared/room/room.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshRedisUrl, type OwnPostgres, startOwnPostgres } from '../../e2e/support/stores.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { openRoom, type RoomRig } from './testing/room-rig.ts';

let postgres: OwnPostgres;
let rig: Rig;
let room: RoomRig;
const stopWithinMs = 3_000;

beforeAll(async () => {
  postgres = await startOwnPostgres(afterAll);
  const redisUrl = await freshRedisUrl(afterAll);
  const databaseUrl = postgres.url;
  rig = await makeRig({ databaseUrl, redisUrl, units: [1_000], instances: 2, loops: true });
  room = await openRoom(redisUrl, rig.saleId, { units: 1_000, admitPerMinute: 600 });
});
afterAll(async () => {
  room.close();
  await rig.close();
});

const advance = () => room.room.advance(rig.saleId, 0);
const admitted = async () => (await room.figures()).admittedTotal;

describe('admission, with Postgres away', () => {
  it('stops within 3 s, says so, and goes on when Postgres is back', async () => {
    const crowd = Array.from({ length: 900 }, (_, i) => newcomer(`v${i}`));
    await room.room.join(rig.saleId, crowd);
    await eventually(() => room.redis.hget(room.key('room'), 'leaseUntil'));
    await eventually(async () => (await advance()) && (await admitted()) > 0);

    await postgres.stop();
    const goneAt = Date.now();
    await eventually(async () => (await advance())?.halted);
    expect(Date.now() - goneAt).toBeLessThan(stopWithinMs);
    const before = await admitted();
    const until = Date.now() + 2_000;
    await eventually(async () => (await advance()) && Date.now() > until);
    expect(await admitted()).toBe(before);

    await postgres.start();
    await eventually(async () => (await advance())?.halted === false, 15);
    await eventually(async () => (await advance()) && (await admitted()) > before);
  });
});
