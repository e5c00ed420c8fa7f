import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { roomFixture, saleId } from '@fairgate/shared/room/room-fixture.ts';
import { startTestRedis } from '../../../scripts/test/stores.ts';
import { findRedis } from '../../../scripts/toolchain/redis.ts';
import { tell } from './figures.ts';
import { fill } from './million.ts';
import { type RedisTime, redisTime } from './redis-time.ts';

const abandonSeconds = 60;

/** So many who are not heard of any more, all from one moment on, ahead of one who is. */
export async function measureGone(places: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const server = await startTestRedis(program, folder);
  const fixture = await roomFixture(server.url, { units: places, abandonSeconds, phase: 'paused' });
  const { redis, room } = fixture;
  try {
    await fill(fixture, places);
    const [present] = await room.join(saleId, [newcomer('v_present')]);
    const ticket = { visitor: 'v_present', number: present?.number ?? 0, ordinal: 1 };
    const calls: RedisTime[] = [];
    let waiting = places;
    for (let seconds = 0; seconds < 2 * abandonSeconds && waiting > 1; seconds += 1) {
      await fixture.pass(1_000);
      await room.look(saleId, [ticket]);
      const call = await redisTime(redis, async () => {
        waiting = (await room.advance(saleId, 0))?.waiting ?? 0;
      });
      if (waiting < places) calls.push(call);
    }
    const ms = (microseconds: number) => `${(microseconds / 1_000).toFixed(1)} ms`;
    const sum = calls.reduce((all, { wall }) => all + wall, 0);
    const name = `${places} gone at once`;
    tell(`${name}, calls of advance until the one who is left waits alone`, `${calls.length}`);
    tell(`${name}, Redis' time for it`, ms(sum));
    tell(`${name}, longest step`, ms(Math.max(...calls.map(({ longest }) => longest))), '<= 5 ms');
    if (waiting !== 1) tell(`${name}, still waiting`, `${waiting}`, '1');
  } finally {
    fixture.redis.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
