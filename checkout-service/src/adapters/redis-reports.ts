import { openFastRedis } from '@fairgate/shared/redis/open.ts';
import type { RedisPlace } from '@fairgate/shared/redis/place.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import { type Cluster, Redis, ReplyError } from 'ioredis';
import { RoomAway, RoomRefused } from '../app/room-away.ts';
import type { RoomReports } from '../app/room-ports.ts';

export type RoomConnection = { room: RoomReports; close(): void };

/**
 * The room's Redis for the loops alone: no shopper ever waits for it. It fails fast, since the
 * loops come again by themselves and every report may be repeated (FACTS.md on ioredis).
 */
export function connectRoom(place: RedisPlace, onFault: (error: Error) => void): RoomConnection {
  const redis = openFastRedis(place, {
    name: 'fairgate-checkout:rooms',
    commandMsMax: 1_500,
    connectMsMax: 2_000,
    retryMs: (attempt) => Math.min(1_000, 50 * 2 ** attempt),
  });
  let failing = false;
  redis.on('error', (error: Error) => {
    if (!failing) onFault(error);
    failing = true;
  });
  redis.on('ready', () => {
    failing = false;
  });
  /**
   * Answers come in the order of the questions: who has missed one takes the next for it, and for
   * ever after; and a connection whose other end is gone gives none. So it is made anew.
   */
  async function inTime<T>(call: Promise<T>): Promise<T> {
    try {
      return await answered(call);
    } catch (error) {
      const isLate = error instanceof RoomAway && String(error.cause).includes(timedOut);
      if (isLate && redis.status === 'ready') renew(redis);
      throw error;
    }
  }
  const room = redisRoom(redis, nodeScripts());
  return {
    room: {
      settle: (saleId, reports) => inTime(room.settle(saleId, reports)),
      books: (saleId, question) => inTime(room.books(saleId, question)),
      async mend(saleId, mended, units, redeemed) {
        return (await inTime(room.mend(saleId, mended, units, redeemed))) === 'mended';
      },
      async lease(saleId, until) {
        return (await inTime(room.lease(saleId, until))).now;
      },
      fault: (saleId, visitor, jti, ms) => inTime(room.fault(saleId, visitor, jti, ms)),
      promise: (saleId, key, units) => inTime(room.promise(saleId, key, units)),
      due: (saleId, passedMs, limit) => inTime(room.due(saleId, passedMs, limit)),
      async picture(saleId, version, counts) {
        await inTime(room.picture(saleId, version, counts));
      },
      log: (saleId, upToSeq, limit) => inTime(room.log(saleId, upToSeq, limit)),
      figures: (saleId) => inTime(room.figures(saleId)),
      draw: (saleId, draw) => inTime(room.draw(saleId, draw)),
    },
    close: () => redis.disconnect(),
  };
}

/** In a cluster another node may have taken over. */
function renew(redis: Redis | Cluster): void {
  if (redis instanceof Redis) redis.disconnect(true);
  else redis.refreshSlotsCache(() => undefined);
}

/** What ioredis says after `commandTimeout`. */
const timedOut = 'Command timed out';

/** Answers about Redis as a whole, which the next sale would get too. */
const ofAll =
  /^(LOADING|BUSY|OOM|READONLY|MISCONF|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|NOAUTH)/;

/** An error that Redis itself answers is about the one call; any other fault, about the way there. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && error instanceof ReplyError && !ofAll.test(error.message)) {
      throw new RoomRefused('the room’s Redis refused a command', { cause: error });
    }
    throw new RoomAway('the room’s Redis gave no answer', { cause: error });
  }
}
