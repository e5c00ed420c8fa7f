import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../../scripts/test/stores.ts';
import { findRedis } from '../../../scripts/toolchain/redis.ts';
import { type EdgeProcess, startEdge } from '../../support/edge-process.ts';

/** A Redis and the built Worker on workerd, with nothing else beside them. */
export type Stand = {
  redis: Redis;
  room: Room;
  edge: EdgeProcess;
  folder: string;
  redisUrl: string;
  stop(): Promise<void>;
};

export async function startStand(): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const server = await startTestRedis(program, join(folder, 'redis'));
  const edge = await startEdge({ redisUrl: server.url });
  const redis = new Redis(server.url);
  return {
    redis,
    room: redisRoom(redis, nodeScripts()),
    edge,
    folder,
    redisUrl: server.url,
    async stop() {
      redis.disconnect();
      await edge.stop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
