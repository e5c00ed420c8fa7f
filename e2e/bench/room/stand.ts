import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import { Cluster, Redis } from 'ioredis';
import { startTestRedis } from '../../../scripts/test/stores.ts';
import { findRedis } from '../../../scripts/toolchain/redis.ts';
import { type EdgeProcess, startEdge } from '../../support/edge-process.ts';
import { startBenchCluster } from './redis-cluster.ts';

/** A Redis, or a cluster of three masters, and the built Worker on workerd, with nothing beside. */
export type Stand = {
  redis: Redis | Cluster;
  /** Each server. */
  servers: Redis[];
  room: Room;
  edge: EdgeProcess;
  folder: string;
  stop(): Promise<void>;
};

export async function startStand(kind: 'one' | 'cluster'): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  const stores = kind === 'one' ? await startOne(folder) : await startBenchCluster(folder);
  const redisUrl = stores.urls.join(',');
  const bindings = kind === 'one' ? {} : { ROOM_REDIS_CLUSTER: '1' };
  const edge = await startEdge({ redisUrl, bindings });
  const servers = stores.urls.map((url) => new Redis(url));
  const redis = kind === 'one' ? new Redis(redisUrl) : new Cluster(stores.urls);
  return {
    redis,
    servers,
    room: redisRoom(redis, nodeScripts()),
    edge,
    folder,
    async stop() {
      for (const one of [redis, ...servers]) one.disconnect();
      await edge.stop();
      await stores.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startOne(folder: string) {
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const { url, stop } = await startTestRedis(program, join(folder, 'redis'));
  return { urls: [url], stop };
}
