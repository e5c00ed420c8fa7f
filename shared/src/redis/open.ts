import { Cluster, Redis } from 'ioredis';
import { failoverConnector } from './failover-connector.ts';
import type { RedisPlace } from './place.ts';

/** What the room is kept by: the commands that both a server and a cluster take in the same way. */
export type RoomRedis = Pick<
  Redis,
  | 'eval'
  | 'evalsha'
  | 'del'
  | 'exists'
  | 'expire'
  | 'get'
  | 'getrange'
  | 'hgetall'
  | 'hincrby'
  | 'incrby'
  | 'lpop'
  | 'lrange'
  | 'ltrim'
  | 'ping'
  | 'pttl'
  | 'rpush'
  | 'set'
  | 'unlink'
  | 'xadd'
  | 'xdel'
  | 'xrange'
  | 'zadd'
  | 'zcount'
  | 'zrem'
  | 'zrevrange'
  | 'zrevrank'
>;

export type FastManner = {
  /** As Redis lists it among its clients. */
  name: string;
  commandMsMax: number;
  connectMsMax: number;
  retryMs(attempt: number): number;
  /** Connects at the first need. */
  isLazy?: boolean;
  /** Of one server alone: a cluster loses commands so while slots move (FACTS.md). */
  isPipelining?: boolean;
};

/** Between looks whether a server that has just started has read its file. */
const loadingMsMax = 500;

/**
 * A Redis for requests: it fails fast. Nothing is queued while it is away, each command has a
 * deadline, and what was not answered is not sent again (FACTS.md: all three are needed for that).
 */
export function openFastRedis(place: RedisPlace, manner: FastManner): Redis | Cluster {
  const options = fastOptions(manner);
  if (place.isCluster) return openCluster(place, manner, options);
  return new Redis(place.urls[0], {
    ...options,
    enableOfflineQueue: false,
    lazyConnect: manner.isLazy ?? false,
    enableAutoPipelining: manner.isPipelining ?? false,
    retryStrategy: manner.retryMs,
    maxLoadingRetryTime: loadingMsMax,
    Connector: failoverConnector(place.urls),
    // A primary that has become a replica: the next attempt finds who is the primary now.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
}

type FastOptions = ReturnType<typeof fastOptions>;

function fastOptions(manner: FastManner) {
  return {
    connectionName: manner.name,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: manner.commandMsMax,
    connectTimeout: manner.connectMsMax,
  };
}

/** Credentials, and whether it is TLS, are the first URL's for all nodes. */
function openCluster({ urls }: RedisPlace, manner: FastManner, options: FastOptions): Cluster {
  const first = new URL(urls[0]);
  const username = decodeURIComponent(first.username);
  const password = decodeURIComponent(first.password);
  return new Cluster(
    urls.map((url) => {
      const { hostname, port } = new URL(url);
      return { host: hostname, port: Number(port || 6379) };
    }),
    {
      enableOfflineQueue: false,
      lazyConnect: manner.isLazy ?? false,
      clusterRetryStrategy: manner.retryMs,
      slotsRefreshTimeout: manner.commandMsMax,
      // Names are looked up by whoever connects: certificates are for names, and workerd has no lookup.
      dnsLookup: (address, done) => done(null, address),
      redisOptions: {
        ...options,
        ...(username === '' ? {} : { username }),
        ...(password === '' ? {} : { password }),
        ...(first.protocol === 'rediss:' ? { tls: {} } : {}),
      },
    },
  );
}
