import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startLivingRedis } from './faults/own-redis.ts';
import { edgeClient, tokenWhenAdmitted } from './support/edge-client.ts';
import { startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { roomsOn } from './support/rooms.ts';
import { waitFor } from './support/wait.ts';

const slotCount = 16_384;

/** Three masters; returns the URL of each. */
async function startCluster(): Promise<string[]> {
  const nodes = await mapBounded(Array.from({ length: 3 }), 3, async (_, i) => {
    const node = await startLivingRedis({ args: ['--cluster-enabled', 'yes'] });
    onTestFinished(node.stop);
    const redis = new Redis(node.url);
    onTestFinished(() => redis.disconnect());
    const [from, to] = [i, i + 1].map((n) => Math.floor((slotCount * n) / 3));
    await redis.cluster('ADDSLOTSRANGE', from ?? 0, (to ?? slotCount) - 1);
    return { ...node, redis };
  });
  for (const { redis } of nodes) await redis.cluster('MEET', '127.0.0.1', nodes[0]?.port ?? 0);
  await waitFor('the cluster', 30, async () => {
    const infos = await Promise.all(nodes.map(({ redis }) => redis.cluster('INFO')));
    return infos.every((info) => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(info)));
  });
  return nodes.map(({ url }) => url);
}

test('rooms on a cluster of three masters: sales on each are joined, listed and admitted', async () => {
  const urls = await startCluster();
  const cluster = new Cluster(urls);
  onTestFinished(() => cluster.disconnect());
  const edgeProcess = await startEdge({
    redisUrl: urls.slice(0, 2).join(','),
    bindings: { ROOM_REDIS_CLUSTER: '1' },
  });
  onTestFinished(edgeProcess.stop);
  const rooms = roomsOn(cluster);
  const edge = edgeClient(edgeProcess.url);
  const sales = await mapBounded(Array.from({ length: 8 }), 4, () => rooms.open());
  const tokens = await mapBounded(sales, 4, async (saleId) => {
    const { ticket } = await edge.join(saleId);
    return await tokenWhenAdmitted(edge, saleId, ticket);
  });
  expect(new Set(tokens).size).toBe(sales.length);
  const list = await edge.raw('/api/sales?limit=20');
  for (const saleId of sales) expect(list.text).toContain(saleId);
});
