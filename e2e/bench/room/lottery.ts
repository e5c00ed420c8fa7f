import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roomFixture, saleId } from '@fairgate/shared/room/room-fixture.ts';
import { startTestRedis } from '../../../scripts/test/stores.ts';
import { findRedis } from '../../../scripts/toolchain/redis.ts';
import { quantile, tell } from './figures.ts';
import { fill } from './million.ts';
import { type RedisTime, redisTime } from './redis-time.ts';

/** The start of a lottery with so many entrants, by the room's own scripts on a Redis of its own. */
export async function measureLottery(entrants: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const server = await startTestRedis(program, folder);
  const hourMs = 3_600_000;
  const lobby = { mode: 'lottery', phase: 'scheduled', lobbySeconds: 604_800 };
  const fixture = await roomFixture(server.url, { ...lobby, units: entrants });
  try {
    await fixture.configure({ startsAt: fixture.now() + hourMs });
    await fill(fixture, entrants);
    await fixture.pass(hourMs);
    const { redis, room } = fixture;
    const closing = await redisTime(redis, () => room.advanceJson(saleId, 0));
    const steps: RedisTime[] = [];
    const draw = { key: 'ab'.repeat(32), entrants };
    const begun = performance.now();
    for (let reply = 'more'; reply === 'more'; ) {
      steps.push(
        await redisTime(redis, async () => {
          reply = await room.draw(saleId, draw);
        }),
      );
    }
    const seconds = (performance.now() - begun) / 1_000;
    const ms = (us: number) => `${(us / 1_000).toFixed(2)} ms`;
    const walls = steps.map(({ wall }) => wall);
    const name = `lottery of ${entrants}`;
    tell(`${name}, the lobby closed, Redis' time`, ms(closing.longest), '<= 5 ms');
    tell(`${name}, a step of the draw, p50`, ms(quantile(walls, 0.5)));
    tell(`${name}, a step of the draw, p99`, ms(quantile(walls, 0.99)), '<= 5 ms');
    tell(`${name}, longest step`, ms(Math.max(...walls)), '<= 5 ms');
    tell(`${name}, ${steps.length} steps, measured one by one`, `${seconds.toFixed(1)} s`);
  } finally {
    fixture.redis.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
