import { placeAskSchema } from '@fairgate/shared/notices/place-ask.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import { asksKey } from '@fairgate/shared/room/keys.ts';
import type { AskStream, StoredAsk } from '../app/place-ports.ts';

/** What gateways wrote; two readers may get the same, and either may drop it. */
export function askStream(redis: Pick<RoomRedis, 'xrange' | 'xdel'>): AskStream {
  return {
    async read(saleId, limit) {
      const entries = await redis.xrange(asksKey(saleId), '-', '+', 'COUNT', limit);
      return entries.map(([id, [, json]]) => ({ id, ask: parseAsk(id, json ?? '') }));
    },
    async drop(saleId, ids) {
      if (ids.length > 0) await redis.xdel(asksKey(saleId), ...ids);
    },
  };
}

function parseAsk(id: string, json: string): StoredAsk | null {
  try {
    const parsed = placeAskSchema.safeParse(JSON.parse(json));
    return parsed.success ? { ...parsed.data, askedAt: positionOf(id) } : null;
  } catch {
    return null;
  }
}

/** `ms-seq` as one number; no gateway writes a thousand in a millisecond. */
function positionOf(id: string): number {
  const [ms = 0, seq = 0] = id.split('-').map(Number);
  return ms * 1_000 + Math.min(seq, 999);
}
