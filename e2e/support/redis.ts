import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { freeze } from './freeze.ts';
import type { SharedStack } from './stack.ts';

/** Empties the stack's Redis and kills it, so that what comes back knows nothing. */
export async function emptyRedis(stack: SharedStack): Promise<void> {
  const redis = new Redis(stack.info().redisUrl, { lazyConnect: true });
  await redis.connect();
  if ((await redis.dbsize()) === 0) throw new Error('Redis is empty before it is emptied');
  await redis.flushall('SYNC');
  redis.disconnect();
  stack.kill('redis');
}

/**
 * Keeps what the stack's Redis has written to its append-only files up to now. `loseSince` kills it,
 * and what comes back knows nothing later: as after a machine that died before the next fsync.
 */
export function saveRedis(stack: SharedStack): { loseSince(): void } {
  const files = join(dirname(stack.infoFile), 'redis', 'appendonlydir');
  const kept = mkdtempSync(join(tmpdir(), 'fairgate-aof-'));
  // One that is written just now may end in half a command, which Redis leaves out at its start.
  cpSync(files, kept, { recursive: true });
  return {
    loseSince() {
      const found = stack.info().processes.find(({ name }) => name === 'redis');
      if (found === undefined) throw new Error('stack.json names no redis');
      // Its supervisor is at once there to start it: the files have to be changed before it dies.
      freeze(found.pid);
      rmSync(files, { recursive: true });
      cpSync(kept, files, { recursive: true });
      rmSync(kept, { recursive: true });
      stack.kill('redis');
    },
  };
}
