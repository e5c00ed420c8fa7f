import {
  blockedTotalsKey,
  limitKeysOf,
  parseSuspect,
  suspectsKey,
} from '@fairgate/shared/bans/suspects.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import type { DoorCounts } from '../app/ports.ts';

/** What the gateways have counted. Errors are the connection's own. */
export function doorCounts(redis: RoomRedis): DoorCounts {
  return {
    async takeSuspects(limit) {
      const texts = (await redis.lpop(suspectsKey, limit)) ?? [];
      return texts.flatMap((text) => {
        try {
          return [parseSuspect(text)];
        } catch {
          return [];
        }
      });
    },
    async forget(value) {
      // One by one: in a cluster each may be elsewhere.
      await Promise.all(limitKeysOf(value).map((key) => redis.del(key)));
    },
    async blockedTotals() {
      const counts = await redis.hgetall(blockedTotalsKey);
      return Object.fromEntries(
        Object.entries(counts).map(([reason, count]) => [reason, Number(count)]),
      );
    },
  };
}
