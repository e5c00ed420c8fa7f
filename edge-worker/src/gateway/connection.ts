import { Redis } from 'ioredis';

export type Connection = {
  redis: Redis;
  /** Resolves when commands can be sent; rejects soon when they cannot. */
  whenReady(): Promise<void>;
};

/** A command that takes longer is given up: a shopper waits for it. */
const commandMsMax = 3_000;
const connectMsMax = 3_000;
/** How long a request waits for a connection that is being made. */
const readyMsMax = 2_000;
/** Away for longer than this, requests fail at once instead of waiting in turn. */
const patienceMs = 1_000;
const retryMsMax = 500;

/**
 * A connection that fails fast: nothing is queued while it is away, and nothing is sent again
 * after it was lost, since a reply that got lost may have had its effect (FACTS.md, ioredis).
 */
export function connectRedis(url: string, log: (error: Error) => void): Connection {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandMsMax,
    connectTimeout: connectMsMax,
    retryStrategy: (times) => Math.min(20 * 2 ** Math.min(times, 10), retryMsMax),
  });
  // Each request that waits for the connection listens for it, and stops listening by itself.
  redis.setMaxListeners(0);
  let awaySinceMs = 0;
  let isLogged = false;
  redis.on('error', (error) => {
    // Once for each time that it goes away, not for each attempt to reach it.
    if (!isLogged) log(error);
    isLogged = true;
  });
  redis.on('ready', () => {
    awaySinceMs = 0;
    isLogged = false;
  });
  redis.on('close', () => {
    awaySinceMs ||= Date.now();
  });
  return {
    redis,
    async whenReady() {
      if (redis.status === 'ready') return;
      if (redis.status === 'wait' || redis.status === 'end') {
        // Its failure is told by the `error` event, and by the deadline below.
        redis.connect().catch(() => undefined);
      }
      if (awaySinceMs > 0 && Date.now() - awaySinceMs > patienceMs) {
        throw new Error('Redis is away');
      }
      await readiness(redis);
    },
  };
}

async function readiness(redis: Redis): Promise<void> {
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
