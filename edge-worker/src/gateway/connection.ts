import { openFastRedis, type RoomRedis } from '@fairgate/shared/redis/open.ts';
import type { RedisPlace } from '@fairgate/shared/redis/place.ts';
import { type Cluster, Redis, ReplyError } from 'ioredis';
import { type RedisBreaker, redisBreaker } from './breaker.ts';

export type Connection = {
  redis: RoomRedis;
  /** Resolves when commands can be sent; rejects at once where Redis is known to be away. */
  whenReady(): Promise<void>;
};

/** A command that takes longer is given up: a shopper waits for it. */
const commandMsMax = 2_000;
const connectMsMax = 2_000;
/** How long a request waits for a connection that is being made. */
const readyMsMax = 1_500;
const retryMsMax = 500;

/**
 * The connection of a gateway: it fails fast, since a reply that got lost may have had its effect
 * (FACTS.md, ioredis), and a breaker stands before it.
 */
export function connectRedis(place: RedisPlace, log: (error: Error) => void): Connection {
  const redis = openFastRedis(place, {
    name: 'fairgate-edge',
    commandMsMax,
    connectMsMax,
    retryMs: (attempt) => Math.min(20 * 2 ** Math.min(attempt, 10), retryMsMax),
    isLazy: true,
  });
  // Each request that waits for the connection listens for it, and stops listening by itself.
  redis.setMaxListeners(0);
  logChanges(redis, log);
  const breaker = redisBreaker(async () => {
    await connected(redis);
    await redis.ping();
  });
  watch(redis, breaker);
  return {
    redis,
    async whenReady() {
      breaker.check();
      try {
        await connected(redis);
      } catch (error) {
        breaker.note(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
    },
  };
}

/** Once for each time that it goes away, not for each attempt to reach it. */
function logChanges(redis: Redis | Cluster, log: (error: Error) => void): void {
  let isLogged = false;
  redis.on('error', (error: Error) => {
    if (!isLogged) log(error);
    isLogged = true;
  });
  redis.on('ready', () => {
    isLogged = false;
  });
}

async function connected(redis: Redis | Cluster): Promise<void> {
  if (redis.status === 'ready') return;
  if (redis.status === 'wait' || redis.status === 'end') {
    // Its failure is told by the `error` event, and by the deadline below.
    redis.connect().catch(() => undefined);
  }
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => () => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      settle();
    };
    const onReady = end(resolve);
    const onLate = end(() => reject(new Error('Redis does not answer')));
    const timer = setTimeout(onLate, readyMsMax);
    redis.once('ready', onReady);
  });
}

/** Answers about Redis as a whole, which the next command would get too. */
const ofAll =
  /^(LOADING|BUSY |READONLY|MISCONF|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|NOAUTH|WRONGPASS)/;
/** What ioredis says after `commandTimeout`. */
const timedOut = 'Command timed out';

type Send = Cluster['sendCommand'];

/** Tells the breaker of every command, and gives up a connection on which an answer stayed out. */
function watch(redis: Redis | Cluster, breaker: RedisBreaker): void {
  const send: Send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...args: Parameters<Send>) => {
    const sent = send(...args);
    args[0].promise.then(
      () => breaker.note(undefined),
      (error: Error) => {
        const isAboutIt = error instanceof ReplyError && !ofAll.test(error.message);
        breaker.note(isAboutIt ? undefined : error);
        if (error.message === timedOut && redis.status === 'ready') renew(redis);
      },
    );
    return sent;
  };
}

/**
 * Answers come in the order of the questions: who has missed one takes the next for it, and a
 * connection whose other end is gone gives none. In a cluster another node may have taken over.
 */
function renew(redis: Redis | Cluster): void {
  if (redis instanceof Redis) redis.disconnect(true);
  else redis.refreshSlotsCache(() => undefined);
}
