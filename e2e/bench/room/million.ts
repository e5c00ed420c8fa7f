import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newVisitorId } from '@fairgate/shared/ids.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { type RoomFixture, roomFixture, saleId } from '@fairgate/shared/room/room-fixture.ts';
import { startTestRedis } from '../../../scripts/test/stores.ts';
import { findRedis } from '../../../scripts/toolchain/redis.ts';
import { quantile, tell } from './figures.ts';
import { type RedisTime, redisTime, usedMemoryBytes } from './redis-time.ts';

// One room with very many places, by the room's own scripts on a Redis of its own. Time is moved by
// hand, so that each `advance` finds a full second's worth of admissions.

const batch = 250;
/** Batches in one pipeline. */
const together = 20;
const advances = 100;
/** Each visitor was seen in the last spans, and the room judges: what the script costs at most. */
const abandonSeconds = 3_600;

export async function measureMillion(places: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const server = await startTestRedis(program, folder);
  const perSecond = 2_000;
  const fixture = await roomFixture(server.url, {
    units: places,
    admitPerMinute: perSecond * 60,
    abandonSeconds,
    // Nobody is let in before all have joined.
    maxActive: 1,
  });
  try {
    await watched(fixture);
    const empty = await usedMemoryBytes(fixture.redis);
    const seconds = await fill(fixture, places);
    const bytes = (await usedMemoryBytes(fixture.redis)) - empty;
    tell(
      `bytes a place, each bound to a key, ${places} places`,
      (bytes / places).toFixed(0),
      '<= 250',
    );
    tell('places a second through join.lua, one connection', (places / seconds).toFixed(0));
    await fixture.configure({ maxActive: 1_000_000 });
    await fixture.pass(250_000);
    await tellAdvances(fixture, perSecond, places);
  } finally {
    fixture.redis.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Somebody looks in now and then, for as long as the room has to watch before it judges. */
async function watched({ room, pass }: RoomFixture): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    await pass((abandonSeconds * 1_000) / 2 - 100_000);
    await room.look(saleId, [{ visitor: 'v_nobody', number: 0, ordinal: 1 }]);
  }
}

/** Seconds that it took. */
export async function fill({ room }: Pick<RoomFixture, 'room'>, places: number): Promise<number> {
  const begun = performance.now();
  for (let from = 0; from < places; from += batch * together) {
    const count = Math.min(together, Math.ceil((places - from) / batch));
    await Promise.all(Array.from({ length: count }, () => room.join(saleId, newcomers())));
    // As the queue service does three times a second: these lines are in Postgres then.
    await room.log(saleId, Number.MAX_SAFE_INTEGER, 1);
  }
  return (performance.now() - begun) / 1_000;
}

function newcomers() {
  return Array.from({ length: batch }, () => ({
    ...newcomer(newVisitorId()),
    jkt: randomBytes(32).toString('base64url'),
  }));
}

async function tellAdvances(
  { redis, room, pass }: RoomFixture,
  perSecond: number,
  places: number,
): Promise<void> {
  const took: RedisTime[] = [];
  let before = (await room.figures(saleId))?.admittedTotal ?? 0;
  const short: number[] = [];
  for (let i = 0; i < advances && before + perSecond <= places; i += 1) {
    await pass(1_000);
    await room.log(saleId, Number.MAX_SAFE_INTEGER, 1);
    took.push(await redisTime(redis, () => room.advanceJson(saleId, 0)));
    const after = (await room.figures(saleId))?.admittedTotal ?? 0;
    if (after - before !== perSecond) short.push(after - before);
    before = after;
  }
  const ms = (kind: keyof RedisTime, share: number) =>
    `${(
      quantile(
        took.map((time) => time[kind]),
        share,
      ) / 1_000
    ).toFixed(2)} ms`;
  const name = `advance with ${perSecond} admissions, Redis' time`;
  tell(`${name}, p50`, ms('wall', 0.5));
  tell(`${name}, p99`, ms('wall', 0.99), '<= 5 ms');
  tell(`${name}, longest of its steps, p99`, ms('longest', 0.99), '<= 5 ms');
  tell(`${name}, of its processor, p99`, ms('cpu', 0.99));
  if (short.length > 0) tell('advances with another number of admissions', `${short.length}`);
}
