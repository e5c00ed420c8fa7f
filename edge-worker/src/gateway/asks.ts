import type { Clock } from '@fairgate/shared/clock.ts';
import { asksMax, asksSeconds, type PlaceAsk } from '@fairgate/shared/notices/place-ask.ts';
import { asksKey } from '@fairgate/shared/room/keys.ts';
import type { Redis } from 'ioredis';
import type { AskGateways } from '../app/ask-ports.ts';
import { TwoGenerations } from '../app/two-generations.ts';

/** Changes of one place in a minute. A shopper makes two or three in all. */
const changesMax = 10;
const minuteMs = 60_000;
/** Places whose changes are counted, in each of two generations: some 100 bytes each. */
const countedMax = 20_000;

/**
 * One entry in the stream of the sale, sent with its expiry. A visitor is always with the same
 * gateway, which counts by itself; one that was evicted has forgotten the count, and no more.
 */
export function keptAsks(
  redis: Pick<Redis, 'xadd' | 'expire'>,
  whenReady: () => Promise<void>,
  clock: Clock,
): AskGateways['ask'] {
  const counted = new TwoGenerations<{ fromMs: number; count: number }>(countedMax);
  const secondsTooOften = (key: string): number => {
    const now = clock.now();
    const found = counted.get(key);
    const last = found && now - found.fromMs < minuteMs ? found : { fromMs: now, count: 0 };
    if (last !== found) counted.set(key, last);
    last.count += 1;
    return last.count > changesMax ? Math.ceil((last.fromMs + minuteMs - now) / 1_000) : 0;
  };
  return async (saleId, ask: PlaceAsk) => {
    const retryAfterSeconds = secondsTooOften(`${saleId}:${ask.visitor}`);
    if (retryAfterSeconds > 0) return { kind: 'too-often', retryAfterSeconds };
    const key = asksKey(saleId);
    try {
      await whenReady();
      await Promise.all([
        redis.xadd(key, 'MAXLEN', '~', asksMax, '*', 'ask', JSON.stringify(ask)),
        redis.expire(key, asksSeconds),
      ]);
      return { kind: 'kept' };
    } catch (error) {
      return { kind: 'unavailable', cause: String(error) };
    }
  };
}
