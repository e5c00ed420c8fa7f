import { clientNetwork, isLoopback, networkText, parseAddress } from '@fairgate/shared/address.ts';
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
  /** As what it is counted: an address, or the /64 of an IPv6 one; null where it is not. */
  const countedAs = (text: string) => {
    const address = parseAddress(text);
    if (address === null || (!counts.loopback && isLoopback(address))) return null;
    return networkText(clientNetwork(address));
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
      const counted = countedAs(address);
      const found = counted === null ? null : await limiter.get(counted);
      return found !== null && found.consumedPoints > failuresMax ? seconds(found) : null;
    },
    async failed(address) {
      const counted = countedAs(address);
      if (counted === null) return { failures: 0, barred: null };
      try {
        const { consumedPoints } = await limiter.consume(counted);
        return { failures: consumedPoints, barred: null };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        const isNew = refused.consumedPoints === failuresMax + 1;
        const barred = { seconds: seconds(refused), isNew };
        return { failures: refused.consumedPoints, barred };
      }
    },
    async succeeded(address) {
      const counted = countedAs(address);
      if (counted !== null) await limiter.delete(counted);
    },
  };
}

function seconds({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}
