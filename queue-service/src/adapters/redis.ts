import { openFastRedis, type RoomRedis } from '@fairgate/shared/redis/open.ts';
import type { RedisPlace } from '@fairgate/shared/redis/place.ts';
import { catalogueKey, roomKeys } from '@fairgate/shared/room/keys.ts';
import { type Cluster, Redis } from 'ioredis';
import type { Catalogue, Log } from '../app/ports.ts';

/** Quick at first, so that a restart is not noticed for long; then twice a second. */
function retryMs(attempt: number): number {
  return Math.min(500, 20 * attempt);
}

/**
 * A connection that fails fast: no queue while it is away, and a deadline on each command. What
 * was not answered is not sent again (FACTS.md: all three are needed for that).
 */
export function failFastRedis(url: string, name: string, log: Log): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2_000,
    connectTimeout: 2_000,
    retryStrategy: retryMs,
  });
  logChanges(redis, name, log);
  return redis;
}

/** The rooms' Redis, which may be one of a failover, or a cluster. It fails fast as well. */
export function roomConnection(place: RedisPlace, name: string, log: Log): Redis | Cluster {
  const redis = openFastRedis(place, {
    name,
    commandMsMax: 2_000,
    connectMsMax: 2_000,
    retryMs,
    isPipelining: true,
  });
  logChanges(redis, name, log);
  return redis;
}

/** A connection that waits for its Redis, for BullMQ's workers. */
export function patientRedis(url: string, name: string, log: Log): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    maxRetriesPerRequest: null,
    connectTimeout: 2_000,
    retryStrategy: retryMs,
  });
  logChanges(redis, name, log);
  return redis;
}

/** Without a listener ioredis prints each failed attempt. */
function logChanges(redis: Redis | Cluster, name: string, log: Log): void {
  let away = false;
  redis.on('error', (error: unknown) => {
    if (!away) log.warn({ redis: name, err: error }, 'Redis cannot be reached; it goes on trying');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info({ redis: name }, 'Redis is there again');
    away = false;
  });
}

export function redisCatalogue(redis: RoomRedis & { status: string }): Catalogue {
  return {
    async add(saleId, startsAt) {
      await redis.zadd(catalogueKey, startsAt, saleId);
    },
    async remove(saleId) {
      await redis.zrem(catalogueKey, saleId);
    },
    async forgetRoom(saleId) {
      await redis.unlink(...roomKeys(saleId));
    },
    reachable: () => redis.status === 'ready',
  };
}
