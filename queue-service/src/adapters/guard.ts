import { isLoopback, parseAddress } from '@fairgate/shared/address.ts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Guard } from '../app/access-ports.ts';

/** A person mistypes a few times in ten minutes; a key has 256 random bits. */
const failuresMax = 20;
const windowSeconds = 600;
const barSeconds = 900;

/**
 * Failed sign-ins by address, counted over all instances in Redis, and by each instance alone
 * while that is away.
 */
export function redisGuard(redis: Redis, counts: { loopback: boolean }): Guard {
  const isExempt = (text: string) => {
    const address = parseAddress(text);
    return !counts.loopback && address !== null && isLoopback(address);
  };
  const rule = { points: failuresMax, duration: windowSeconds, blockDuration: barSeconds };
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'fg:sign-in',
    ...rule,
    // Who is barred is not asked of Redis each time.
    inMemoryBlockOnConsumed: failuresMax + 1,
    inMemoryBlockDuration: barSeconds,
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: 'fg:sign-in', ...rule }),
  });
  return {
    async barredSeconds(address) {
      if (isExempt(address)) return null;
      const found = await limiter.get(address);
      return found !== null && found.consumedPoints > failuresMax ? seconds(found) : null;
    },
    async failed(address) {
      if (isExempt(address)) return { failures: 0, barred: null };
      try {
        const { consumedPoints } = await limiter.consume(address);
        return { failures: consumedPoints, barred: null };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        const isNew = refused.consumedPoints === failuresMax + 1;
        const barred = { seconds: seconds(refused), isNew };
        return { failures: refused.consumedPoints, barred };
      }
    },
    async succeeded(address) {
      await limiter.delete(address);
    },
  };
}

function seconds({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}
