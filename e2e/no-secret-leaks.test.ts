import { randomBytes } from 'node:crypto';
import { makeProof, newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Checkouts, publicOrigin, startCheckouts } from './faults/checkout-processes.ts';
import { type OwnPostgres, startOwnPostgres } from './faults/own-postgres.ts';
import { type FaultSale, seedSale } from './faults/sale.ts';
import { openRoom } from './faults/test-room.ts';
import { cards, checkoutClient, orderInState } from './support/checkout-client.ts';
import { type Answer, answered, type CallOptions, call } from './support/http.ts';
import { type RedemptionAnswer, redemptionShape } from './support/shapes.ts';
import { waitFor } from './support/wait.ts';

let postgres: OwnPostgres;
let checkouts: Checkouts;
const redisPassword = randomBytes(18).toString('hex');
beforeAll(async () => {
  postgres = await startOwnPostgres();
  const stores = { databaseUrl: postgres.url, redisPassword };
  checkouts = await startCheckouts({ ...stores, logLevel: 'trace' });
});
afterAll(async () => {
  await checkouts?.stop();
  await postgres?.stop();
});

type Secrets = {
  add(name: string, value: string): string;
  /** Names of those that the text holds, plainly or percent-encoded. */
  foundIn(text: string, except?: string): string[];
};

/** What must not be seen; a JWT is known by its signature and by its payload too. */
function makeSecrets(): Secrets {
  const parts: { name: string; value: string }[] = [];
  return {
    add(name, value) {
      parts.push({ name, value });
      const [, payload, signature] = value.split('.');
      if (payload) parts.push({ name: `payload of ${name}`, value: payload });
      if (signature) parts.push({ name: `signature of ${name}`, value: signature });
      return value;
    },
    foundIn: (text, except) =>
      parts
        .filter(({ name }) => name !== except)
        .filter(({ value }) => text.includes(value) || text.includes(encodeURIComponent(value)))
        .map(({ name }) => name),
  };
}

/** The one secret that each may be told: it is theirs. */
const mayHear: Record<string, string> = { 'the room': 'Redis password', 'the provider': 'card' };

type Walk = { secrets: Secrets; refusals: string[]; ask: Ask; sale: FaultSale; redis: Redis };
type Ask = (path: string, options?: CallOptions) => Promise<Answer>;

/** Every request goes straight to an instance, so that its HTTP way carries webhooks alone. */
function asking(refusals: string[]): Ask {
  let turn = 0;
  return async (path, options) => {
    turn += 1;
    const { url } = turn % 2 === 0 ? checkouts.first : checkouts.second;
    const answer = await call(`${url}${path}`, { method: 'POST', timeoutMs: 30_000, ...options });
    const headers = JSON.stringify([...answer.headers]);
    if (answer.status >= 400) refusals.push(`${answer.status} ${path} ${headers} ${answer.text}`);
    return answer;
  };
}

async function freshToken({ secrets, sale }: Walk, jkt?: string): Promise<string> {
  const { token } = await checkouts.token(sale.saleId, jkt === undefined ? {} : { jkt });
  return secrets.add('token', token);
}

async function order(walk: Walk): Promise<RedemptionAnswer> {
  const json = { items: [{ productId: walk.sale.productId, quantity: 1 }], email: 'a@b.example' };
  const bearer = await freshToken(walk);
  const redeemed = answered(
    await walk.ask('/v1/redemptions', { bearer, json }),
    201,
    redemptionShape,
  );
  walk.secrets.add('order key', redeemed.orderKey);
  await walk.ask('/v1/redemptions', { bearer, json });
  return redeemed;
}

const pay = ({ ask }: Walk, { order: { id }, orderKey }: RedemptionAnswer, card: string) =>
  ask(`/v1/orders/${id}/payments`, { bearer: orderKey, json: { provider: 'sandbox', card } });

async function wellTrodden(walk: Walk): Promise<void> {
  const paid = await order(walk);
  await pay(walk, paid, cards.pays);
  await orderInState(checkoutClient(checkouts.first.url), paid, 'paid');
  for (const card of [cards.declined, cards.providerFails, '4111111111111111', 'no card']) {
    await pay(walk, await order(walk), walk.secrets.add('card', card));
  }
  const left = await order(walk);
  await walk.ask(`/v1/orders/${left.order.id}/cancel`, { bearer: left.orderKey });
}

/** Requests that are wrong in every way, each with a secret in the wrong place too. */
async function malformed(walk: Walk): Promise<void> {
  const { ask, secrets, sale } = walk;
  const json = { items: [{ productId: sale.productId, quantity: 1 }] };
  const token = await freshToken(walk);
  const [head, payload, signature = ''] = token.split('.');
  const forged = `${head}.${payload}.${[...signature].reverse().join('')}`;
  const key = newProofKey();
  const bound = await freshToken(walk, key.jkt);
  const htu = `${publicOrigin}/v1/redemptions`;
  const proofs = [
    makeProof(key, { method: 'GET', url: htu, token: bound }),
    makeProof(newProofKey(), { method: 'POST', url: htu, token: bound }),
  ].map((proof) => secrets.add('proof', proof));
  await ask('/v1/redemptions', { bearer: secrets.add('token', forged), json });
  await ask('/v1/redemptions', { bearer: bound, json });
  for (const dpop of proofs) {
    const headers = { authorization: `DPoP ${bound}`, dpop };
    await ask('/v1/redemptions', { json, headers });
  }
  await ask('/v1/redemptions', { bearer: token, body: `{"items": "${token}` });
  await ask('/v1/redemptions', { bearer: token, json: { items: [], email: token } });
  await ask('/v1/redemptions', { json: { token } });
  await ask('/v1/redemptions', {
    bearer: token,
    json,
    headers: { 'idempotency-key': 'k'.repeat(300) },
  });
  const one = await order(walk);
  const other = await order(walk);
  const path = `/v1/orders/${one.order.id}`;
  await ask(path, { method: 'GET', bearer: other.orderKey });
  await ask(path, { method: 'GET', bearer: token });
  await ask(`${path}/payments`, { bearer: one.orderKey, body: `{"card": "${cards.pays}` });
  await ask(`${path}/payments`, { bearer: one.orderKey, json: { provider: one.orderKey } });
  await ask('/checkout', {
    body: new URLSearchParams({ token: forged, sale: sale.saleId }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const event = JSON.stringify({ id: 'evt_1', secret: checkouts.secrets.webhook });
  await ask('/webhooks/sandbox', { body: event });
  await ask('/webhooks/sandbox', { body: event, headers: { 'fairgate-signature': 't=1,v1=00' } });
  await ask('/internal/orders/x/refund', { bearer: `${checkouts.secrets.internal}x`, json: {} });
}

/** Redis has another password than the checkouts: what they say then carries theirs. */
async function withAWrongPassword(walk: Walk): Promise<void> {
  const { ask, sale, redis } = walk;
  await redis.config('SET', 'requirepass', 'another');
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await waitFor('refusals of Redis in the logs', 20, () =>
    checkouts.all.every(({ log }) => log().includes('WRONGPASS')),
  );
  const json = { items: [{ productId: sale.productId, quantity: 1 }] };
  const bearer = await freshToken(walk);
  expect((await ask('/v1/redemptions', { bearer, json })).status).toBe(201);
  await redis.config('SET', 'requirepass', redisPassword);
}

async function withStoresAway(walk: Walk): Promise<void> {
  const { ask, sale } = walk;
  const json = { items: [{ productId: sale.productId, quantity: 1 }] };
  const one = await order(walk);
  for (const way of ['sandbox', 'redis', 'postgres'] as const) {
    for (const { ways } of checkouts.all) {
      ways[way].refuse(true);
      ways[way].reset();
    }
    await pay(walk, one, cards.pays);
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
  const sale = await seedSale(sql, { units: 100 });
  const { redis } = await openRoom(checkouts.redisUrl, sale);
  const secrets = makeSecrets();
  for (const [name, value] of Object.entries(checkouts.secrets)) secrets.add(name, value);
  secrets.add('database password', new URL(postgres.url).password);
  secrets.add('Redis password', redisPassword);
  secrets.add('card', cards.pays);
  const refusals: string[] = [];
  const outgoing = all.flatMap(({ ways }) => [
    { to: 'the room', said: ways.redis.record('to-server') },
    { to: 'the provider', said: ways.sandbox.record('to-server') },
    { to: 'the webhook', said: ways.http.record('to-server') },
  ]);
  const walk: Walk = { secrets, refusals, ask: asking(refusals), sale, redis };
  await wellTrodden(walk);
  await malformed(walk);
  await withAWrongPassword(walk);
  await withStoresAway(walk);

  expect(refusals.length).toBeGreaterThan(20);
  for (const text of refusals) expect([text, secrets.foundIn(text)]).toEqual([text, []]);
  for (const one of [...all, sandbox]) {
    expect(one.log().length).toBeGreaterThan(100);
    for (const line of one.log().split('\n')) {
      expect([line, secrets.foundIn(line)]).toEqual([line, []]);
    }
  }
  for (const { to, said } of outgoing) {
    expect([to, said().length > 0]).toEqual([to, true]);
    expect([to, secrets.foundIn(said(), mayHear[to])]).toEqual([to, []]);
  }
  const urls = outgoing.flatMap(({ said }) => said().match(/^(GET|POST|PUT) .*$/gm) ?? []);
  expect(urls.length).toBeGreaterThan(0);
  expect(secrets.foundIn(urls.join('\n'))).toEqual([]);
});
