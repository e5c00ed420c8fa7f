import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startLivingRedis } from './faults/own-redis.ts';
import { startTcpProxy } from './faults/tcp-proxy.ts';
import { claimsOf, edgeClient, type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { roomsIn } from './support/rooms.ts';
import { waitFor } from './support/wait.ts';

async function startPair() {
  const primary = await startLivingRedis();
  onTestFinished(primary.stop);
  const link = await startTcpProxy(primary.port);
  onTestFinished(link.stop);
  const replica = await startLivingRedis({ args: ['--replicaof', '127.0.0.1', `${link.port}`] });
  onTestFinished(replica.stop);
  const onReplica = new Redis(replica.url);
  onTestFinished(() => onReplica.disconnect());
  await waitFor('the replica having the data', 20, async () => {
    return (await onReplica.info('replication')).includes('master_link_status:up');
  });
  return { primary, replica, onReplica, link };
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
  expect(newcomer.place.number).toBeGreaterThan(passedOver);
  const again = await mapBounded(line.slice(0, 5), 5, async ({ ticket }) =>
    claimsOf((await edge.takeToken(saleId, ticket)).token),
  );
  expect(again.map(({ jti }) => jti)).toEqual(first.map((token) => claimsOf(token).jti));

  // Who was a primary and comes back as a replica is passed over.
  const after = roomsIn(replica.url);
  onTestFinished(after.close);
  expect((await after.room.figures(saleId))?.epoch).toBe(1);
  await after.open({ admitPerMinute: 60_000, maxActive: 100 }, saleId);
  const tokens = await mapBounded(line, 10, ({ ticket }) =>
    tokenWhenAdmitted(edge, saleId, ticket, 40),
  );
  expect(new Set(tokens.map((token) => claimsOf(token).jti)).size).toBe(line.length);
});

test('a replica that lacks the last second is promoted: who joined in it comes back under the old number, which nobody else has, and nobody is let in before', async () => {
  const { primary, replica, onReplica, link } = await startPair();
  const edgeProcess = await startEdge({ redisUrl: `${primary.url},${replica.url}` });
  onTestFinished(edgeProcess.stop);
  const edge = edgeClient(edgeProcess.url);
  const before = roomsIn(primary.url);
  onTestFinished(before.close);
  const saleId = await before.open({ admitPerMinute: 0 });
  const known = await mapBounded(Array.from({ length: 20 }), 5, () => edge.join(saleId));
  await waitFor('the replica having heard all', 10, async () => {
    const [there, here] = await Promise.all([offset(before.redis), offset(onReplica)]);
    return there <= here;
  });
  link.freeze('to-client');
  const lost = await mapBounded(Array.from({ length: 20 }), 5, () => edge.join(saleId));
  before.redis.disconnect();
  await primary.kill();
  await onReplica.replicaof('NO', 'ONE');
  const after = roomsIn(replica.url);
  onTestFinished(after.close);
  expect((await after.room.figures(saleId))?.joinedTotal).toBe(known.length);

  const late = await waitFor('a join', 10, () => edge.join(saleId));
  const recoveredAtMs = Date.now();
  expect(late.place.number).toBeGreaterThan(passedOver);
  const line = [...known, ...lost];
  // One more: the room counts who may have been let in unknown to it.
  await after.open({ admitPerMinute: 60_000, maxActive: line.length + 1 }, saleId);
  await waitFor('all of them being let in', 40, async () => {
    const polled = await mapBounded(line, 10, ({ ticket }) => edge.poll(saleId, ticket));
    expect(polled.map(({ number }) => number)).toEqual(line.map(({ place }) => place.number));
    const admitted = (await after.room.figures(saleId))?.admittedTotal ?? 0;
    if (Date.now() < recoveredAtMs + standstillMs) expect(admitted).toBe(0);
    return polled.every(({ state }) => state === 'admitted');
  });
  expect(await edge.poll(saleId, late.ticket)).toMatchObject({ state: 'waiting', ahead: 0 });
  expect((await after.room.figures(saleId))?.epoch).toBe(1);
});

/** Numbers that a room passes over when it may have lost its last ones. */
const passedOver = 10_000;
/** Somewhat less than it stands still for then: its clock began before ours. */
const standstillMs = 11_000;

/** How far the server has come in the stream of changes. */
async function offset(redis: Redis): Promise<number> {
  const found = /(?:slave_repl_offset|master_repl_offset):(\d+)/.exec(
    await redis.info('replication'),
  );
  return Number(found?.[1]);
}
