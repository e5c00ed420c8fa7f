import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { Scripts } from '@fairgate/shared/room/scripts.ts';
import { blockedCounts } from './blocked-counts.ts';
import { doorCounts } from './door-counts.ts';
import { redisCatalogue } from './redis.ts';

/** Everything that is read and written of the rooms' Redis, over one connection. */
export function roomSide(redis: RoomRedis & { status: string }, scripts: Scripts) {
  return {
    room: redisRoom(redis, scripts),
    catalogue: redisCatalogue(redis),
    counts: doorCounts(redis),
    blocked: blockedCounts(redis),
  };
}
