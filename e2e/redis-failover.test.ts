import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startLivingRedis } from './faults/own-redis.ts';
import { claimsOf, edgeClient, type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { roomsIn } from './support/rooms.ts';
import { waitFor } from './support/wait.ts';

async function startPair() {
  const primary = await startLivingRedis();
  onTestFinished(primary.stop);
  const replica = await startLivingRedis({ args: ['--replicaof', '127.0.0.1', `${primary.port}`] });
  onTestFinished(replica.stop);
  const onReplica = new Redis(replica.url);
  onTestFinished(() => onReplica.disconnect());
  await waitFor('the replica having the data', 20, async () => {
    return (await onReplica.info('replication')).includes('master_link_status:up');
  });
  return { primary, replica, onReplica };
}

test('the primary dies and its replica is promoted: everybody has their number, and nobody is let in twice', async () => {
  const { primary, replica, onReplica } = await startPair();
  // The replica first: it is not taken for the primary.
  const edgeProcess = await startEdge({ redisUrl: `${replica.url},${primary.url}` });
  onTestFinished(edgeProcess.stop);
  const edge = edgeClient(edgeProcess.url);
  const before = roomsIn(primary.url);
  onTestFinished(before.close);
  const saleId = await before.open({ admitPerMinute: 0 });
  const line: Standing[] = [];
  for (let i = 0; i < 30; i += 1) line.push(await edge.join(saleId));
  await before.open({ admitPerMinute: 60_000, maxActive: 5 }, saleId);
  const first = await mapBounded(line.slice(0, 5), 5, ({ ticket }) =>
    tokenWhenAdmitted(edge, saleId, ticket),
  );
  await waitFor('the replica having heard all', 10, async () => {
    const [there, here] = await Promise.all([offset(before.redis), offset(onReplica)]);
    return there <= here;
  });
  before.redis.disconnect();
  await primary.kill();
  await onReplica.replicaof('NO', 'ONE');

  await waitFor('the promoted one being found', 5, async () => {
    const polled = await mapBounded(line, 10, ({ ticket }) => edge.poll(saleId, ticket));
    expect(polled.map(({ number }) => number)).toEqual(line.map(({ place }) => place.number));
    return polled.every(({ stale }) => stale !== true);
  });
  const newcomer = await waitFor('a join', 5, () => edge.join(saleId));
  expect(newcomer.place.number).toBeGreaterThan(line.length);
  const again = await mapBounded(line.slice(0, 5), 5, async ({ ticket }) =>
    claimsOf((await edge.takeToken(saleId, ticket)).token),
  );
  expect(again.map(({ jti }) => jti)).toEqual(first.map((token) => claimsOf(token).jti));

  // Who was a primary and comes back as a replica is passed over.
  const after = roomsIn(replica.url);
  onTestFinished(after.close);
  await after.open({ admitPerMinute: 60_000, maxActive: 100 }, saleId);
  const tokens = await mapBounded(line, 10, ({ ticket }) =>
    tokenWhenAdmitted(edge, saleId, ticket, 40),
  );
  expect(new Set(tokens.map((token) => claimsOf(token).jti)).size).toBe(line.length);
});

/** How far the server has come in the stream of changes. */
async function offset(redis: Redis): Promise<number> {
  const found = /(?:slave_repl_offset|master_repl_offset):(\d+)/.exec(
    await redis.info('replication'),
  );
  return Number(found?.[1]);
}
