import { catalogueKey, roomKeys } from '@fairgate/shared/room/keys.ts';
import { Redis } from 'ioredis';
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
    enableAutoPipelining: true,
    retryStrategy: retryMs,
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
function logChanges(redis: Redis, name: string, log: Log): void {
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

export function redisCatalogue(redis: Redis): Catalogue {
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
