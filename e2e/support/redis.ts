import { Redis } from 'ioredis';
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
