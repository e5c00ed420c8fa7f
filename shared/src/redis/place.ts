import { z } from 'zod';

/** Where a Redis is: one server, the nodes of a failover, or nodes of a cluster. */
export type RedisPlace = {
  /** Whoever of them is the primary is used; of a cluster any that answers is enough to begin. */
  urls: [string, ...string[]];
  isCluster: boolean;
};

const one = z.url({ protocol: /^rediss?$/, error: 'must be redis:// or rediss:// URLs' });

/** `rediss://user:password@host:port`, or several with commas between them; a `,` in a password is `%2C`. */
export const redisUrlsSchema = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.tuple([one], one));

/** Whether the URLs are nodes of a Redis Cluster. */
export const redisClusterSchema = z.enum(['0', '1']).default('0');

export function redisPlace(urls: RedisPlace['urls'], cluster: '0' | '1'): RedisPlace {
  return { urls, isCluster: cluster === '1' };
}

/** A server that stands alone. */
export function oneServer(url: string): RedisPlace {
  return { urls: [url], isCluster: false };
}
