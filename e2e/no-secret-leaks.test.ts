import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHmacKey } from '../scripts/keys/key-set.ts';
import { type Checkouts, startCheckouts } from './faults/checkout-processes.ts';
import {
  asking,
  freshToken,
  malformed,
  malformedControls,
  malformedPlaces,
  oneOf,
  order,
  pay,
  type Walk,
  wellTrodden,
} from './faults/leak-walk.ts';
import { type OwnPostgres, startOwnPostgres } from './faults/own-postgres.ts';
import { startQueueService } from './faults/queue-process.ts';
import { seedSale } from './faults/sale.ts';
import { type Balancer, startBalancer } from './support/balancer.ts';
import { cards } from './support/checkout-client.ts';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';
import { call } from './support/http.ts';
import { makeSecrets, type Secrets } from './support/secrets.ts';
import { waitFor } from './support/wait.ts';

let postgres: OwnPostgres;
let checkouts: Checkouts;
let queue: Awaited<ReturnType<typeof startQueueService>>;
let balancer: Balancer;
let edge: EdgeProcess;
const passKeys = { keys: [makeHmacKey(new Date())] };
const redisPassword = randomBytes(18).toString('hex');
const logLevel = 'trace';
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  postgres = await startOwnPostgres();
  ends.unshift(postgres.stop);
  const databaseUrl = postgres.url;
  checkouts = await startCheckouts({ databaseUrl, redisPassword, logLevel });
  ends.unshift(checkouts.stop);
  queue = await startQueueService(checkouts, { databaseUrl, logLevel, passKeys });
  ends.unshift(queue.stop);
  const hosts = checkouts.all.map(({ url }) => new URL(url).host);
  balancer = await startBalancer({ upstreams: hosts });
  ends.unshift(balancer.stop);
  const own = { CHECKOUT_ORIGINS: balancer.url, LIMIT_LOOPBACK: '0' };
  const bindings = { ...own, PASS_KEYS: JSON.stringify(passKeys) };
  edge = await startEdge({ redisUrl: checkouts.redisUrl, bindings });
  ends.unshift(edge.stop);
});
afterAll(async () => {
  for (const end of ends) await end();
});

/** The one secret that each may be told: it is theirs. */
const mayHear: Record<string, string> = { 'the room': 'Redis password', 'the provider': 'card' };

function everySecret(): Secrets {
  const secrets = makeSecrets();
  for (const [name, value] of Object.entries(checkouts.secrets)) secrets.add(name, value);
  const { ticketKeys, purchaseKeys, admissionKey, altchaKey } = edge.secrets;
  for (const { k } of ticketKeys.keys) secrets.add('ticket key', k);
  for (const { k } of passKeys.keys) secrets.add('pass key', k);
  for (const { d } of purchaseKeys.keys) secrets.add('purchase key', d);
  secrets.add('admission key', admissionKey);
  secrets.add('challenge key', altchaKey);
  secrets.add('admin key', queue.adminKey);
  secrets.add('database password', new URL(postgres.url).password);
  secrets.add('Redis password', redisPassword);
  secrets.add('card', cards.pays);
  return secrets;
}

/** Redis has another password than the services: what they say then carries theirs. */
async function withAWrongPassword(walk: Walk): Promise<void> {
  const { ask, sale } = walk;
  const redis = new Redis(checkouts.redisUrl);
  await redis.config('SET', 'requirepass', 'another');
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await waitFor('refusals of Redis in the logs', 20, async () => {
    await call(`${edge.url}/api/sales/${sale.saleId}`);
    return [...checkouts.all, queue, edge].every(({ log }) => log().includes('WRONGPASS'));
  });
  const bearer = await freshToken(walk);
  expect((await ask('/v1/redemptions', { bearer, json: oneOf(sale) })).status).toBe(201);
  await redis.config('SET', 'requirepass', redisPassword);
  redis.disconnect();
}

async function withStoresAway(walk: Walk): Promise<void> {
  const { ask, sale } = walk;
  const json = oneOf(sale);
  const one = await order(walk);
  for (const way of ['sandbox', 'redis', 'postgres'] as const) {
    for (const { ways } of checkouts.all) {
      ways[way].refuse(true);
      ways[way].reset();
    }
    await pay(walk, one, cards.pays);
    const bearer = await freshToken(walk);
    for (const url of [balancer.url, edge.url]) {
      await call(`${url}/v1/redemptions?token=${bearer}`, { method: 'POST', bearer, json });
    }
    const answer = await ask('/v1/redemptions', { bearer: await freshToken(walk), json });
    expect(answer.status).toBe(way === 'postgres' ? 503 : 201);
    await ask(`/v1/orders/${one.order.id}`, { method: 'GET', bearer: one.orderKey });
    await checkouts.mend();
  }
  await waitFor('Postgres again', 20, async () => {
    return (await call(`${checkouts.first.url}/readyz`)).status === 200;
  });
}

test('no secret is in any log, error, or request to elsewhere, at level trace and with everything failing', async () => {
  const { all, sandbox, sql } = checkouts;
  const sale = await seedSale(sql, { units: 200 });
  const secrets = everySecret();
  const refusals: string[] = [];
  const outgoing = all.flatMap(({ ways }) => [
    { to: 'the room', said: ways.redis.record('to-server') },
    { to: 'the provider', said: ways.sandbox.record('to-server') },
    { to: 'the webhook', said: ways.http.record('to-server') },
  ]);
  const through = (...urls: string[]): Walk => {
    return { checkouts, sale, secrets, refusals, ask: asking(urls, refusals) };
  };
  // Straight to the instances, so that their HTTP way carries webhooks alone.
  const straight = through(...all.map(({ url }) => url));
  await wellTrodden(straight);
  for (const walk of [straight, through(balancer.url), through(edge.url)]) await malformed(walk);
  await malformedPlaces(through(edge.url));
  await malformedControls(through(queue.url), queue.adminKey);
  await withAWrongPassword(straight);
  await withStoresAway(straight);
  await all[0]?.kill();
  await all[1]?.kill();
  const bearer = await freshToken(straight);
  for (const door of [balancer.url, edge.url]) {
    const ask = asking([door], refusals);
    expect((await ask(`/v1/redemptions?token=${bearer}`, { bearer })).status).toBe(503);
  }

  expect(refusals.length).toBeGreaterThan(60);
  for (const text of refusals) expect([text, secrets.foundIn(text)]).toEqual([text, []]);
  const logs = [...all, sandbox, queue, edge, balancer].map(({ log }) => log());
  for (const log of logs) {
    expect(log.length).toBeGreaterThan(100);
    for (const line of log.split('\n')) expect([line, secrets.foundIn(line)]).toEqual([line, []]);
  }
  await balancer.stop();
  expect(secrets.foundIn(balancer.errors())).toEqual([]);
  for (const { to, said } of outgoing) {
    expect([to, said().length > 0]).toEqual([to, true]);
    expect([to, secrets.foundIn(said(), mayHear[to])]).toEqual([to, []]);
  }
  const urls = outgoing.flatMap(({ said }) => said().match(/^(GET|POST|PUT) .*$/gm) ?? []);
  expect(urls.length).toBeGreaterThan(0);
  expect(secrets.foundIn(urls.join('\n'))).toEqual([]);
});
