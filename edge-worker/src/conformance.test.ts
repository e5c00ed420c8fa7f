import { banListText, bansKey } from '@fairgate/shared/bans/ban.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkouts, startCheckouts } from '../../e2e/faults/checkout-processes.ts';
import { seedSale } from '../../e2e/faults/sale.ts';
import { type Balancer, startBalancer } from '../../e2e/support/balancer.ts';
import { conformance, routeDifferences } from '../../e2e/support/conformance.ts';
import {
  admitted,
  asking,
  bearer,
  forgedTicket,
  goodRequests,
  type Judged,
  join,
  judged,
  keepPreview,
  posted,
} from '../../e2e/support/edge-judge.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import {
  byChallenge,
  byLogin,
  byPass,
  byProof,
  byRate,
  byRevocation,
  bySale,
  byTicket,
  byTurn,
} from '../../e2e/support/edge-scenes.ts';
import { answered, call } from '../../e2e/support/http.ts';
import type { DocumentedOperation } from '../../e2e/support/openapi-document.ts';
import { documentFaults } from '../../e2e/support/openapi-faults.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { refusalCases, wrongMethods } from '../../e2e/support/refusal-cases.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { shownSaleShape } from '../../e2e/support/shapes.ts';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';
import { edgeApp } from './http/app.ts';
import type { Edge } from './http/context.ts';
import { openapiDocument } from './http/openapi.ts';

/**
 * Every documented operation is asked for each of its documented answers; an answer that is not
 * documented, and a documented one that nothing brought about, are failures. On the built Worker,
 * with real checkouts behind it.
 */
const origin = 'https://shop.example';
const api = conformance(openapiDocument(origin));
const withSlug = (slug: string) =>
  api.operations.filter(({ answers }) => answers.some(({ slugs }) => slugs.includes(slug)));

let checkouts: Checkouts;
let balancer: Balancer;
let edge: EdgeProcess;
let rooms: Rooms;
let judge: Judged;
/** Where somebody was let in, at the checkouts too. */
let saleId: string;
let made: Parameters<typeof goodRequests>[0];
beforeAll(async () => {
  checkouts = await startCheckouts({ databaseUrl: await freshDatabaseUrl(afterAll) });
  const upstreams = [new URL(checkouts.first.url).host];
  balancer = await startBalancer({ upstreams, limitLoopback: true });
  const redisUrl = await freshRedisUrl(afterAll);
  edge = await startEdge({
    redisUrl,
    clientsSayWhere: true,
    bindings: { CHECKOUT_ORIGINS: balancer.url, LIMIT_JOINS_PER_MINUTE: '5' },
  });
  rooms = roomsIn(redisUrl);
  judge = judged(edge, api);
  saleId = (await seedSale(checkouts.sql, { units: 9 })).saleId;
  await rooms.open({ admitPerMinute: 6_000 }, saleId);
  const page = await call(`${edge.url}/`);
  const asset = /"(\/assets\/[^"]+\.js)"/.exec(page.text)?.[1] ?? '';
  const ticket = await admitted(judge, saleId);
  made = { saleId, ticket, preview: await keepPreview(rooms), asset };
}, 180_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
  await balancer?.stop();
  await checkouts?.stop();
});

/** Without the last word on a place: what leaves comes last. */
const request = ({ name, method }: DocumentedOperation, from = made) => {
  const good = goodRequests(from)[name];
  if (good === undefined) throw new Error(`there is no request for ${name}`);
  const { target, headers, body } = good;
  return asking(method, target, headers, Object(body) === body ? Object(body) : undefined);
};

describe('the document', () => {
  it('is one of OpenAPI 3.1, and is what the edge gives', async () => {
    expect(documentFaults(openapiDocument(origin))).toEqual([]);
    const given = await call(`${edge.url}/openapi.json`);
    expect(JSON.parse(given.text)).toEqual(JSON.parse(JSON.stringify(openapiDocument(edge.url))));
  });

  it('has every route of the app, those that the checkout answers too, and no other', () => {
    // Nothing is asked here, so that nothing but the origins is needed.
    const parts = { publicOrigin: origin, ownOrigins: [origin] } as unknown as Edge;
    expect(routeDifferences(api.operations, edgeApp(parts).routes)).toEqual({
      undocumented: [],
      unserved: ['GET /api/sales/{}/fairness', 'GET /api/sales/{}/fairness/log'],
    });
  });
});

it.each(api.operations.map((operation) => [operation.name, operation] as const))(
  '%s does what it is for, and refuses what the document does not allow',
  async (name, operation) => {
    // Each has a place of its own, which it may leave.
    const own = { ...made, ticket: await admitted(judge, saleId) };
    const good = goodRequests(own)[name]!;
    for (const { title, slug, ...wrong } of refusalCases(api, operation, good)) {
      const answer = await judge.ask(wrong);
      expect(`${title}: ${answer.text}`).toContain(`urn:fairgate:problem:${slug}`);
    }
    expect((await judge.ask(request(operation, own))).status).toBeLessThan(400);
  },
);

it('whatever else is a success', async () => {
  const other = await rooms.open({ admitPerMinute: 0 });
  expect((await judge.ask(asking('GET', `/api/sales/${other}/challenge`))).status).toBe(204);
  await join(judge, other);
  const script = /"(\/assets\/[^"]+\.js)"/.exec((await call(`${edge.url}/`)).text)?.[1] ?? '';
  expect((await judge.ask(asking('GET', script))).status).toBe(200);
  expect((await judge.ask(posted(`/sales/${other}/buy`))).status).toBe(303);
  const json = { accept: 'application/json' };
  const shown = await judge.ask(asking('GET', `/sales/${other}`, json));
  expect(answered(shown, 200, shownSaleShape)).toMatchObject({ sale: { id: other }, place: null });
  const ticket = await join(judge, other);
  const own = { ...json, ...bearer(ticket) };
  const stood = await judge.ask(asking('GET', `/sales/${other}`, own));
  expect(answered(stood, 200, shownSaleShape).place).toMatchObject({ state: 'waiting' });
});

it.each(wrongMethods(api.operations))('$method $path is 405', async ({ method, path, allowed }) => {
  // The checkout says so of its own.
  const answer = await call(edge.url + path.replaceAll(/\{\w+\}/g, 'x'), { method });
  expectProblem(answer, 'method-not-allowed');
  expect(answer.headers.get('allow')?.split(', ')).toEqual(allowed);
});

describe('a place', () => {
  it('is refused by its ticket', () => byTicket(judge, rooms));
  it('may be revoked', () => byRevocation(judge, rooms));
  it('is bound to a key', () => byProof(judge, rooms));
  it('may ask for a challenge', () => byChallenge(judge, rooms));
  it('takes a pass once', () => byPass(judge, rooms));
  it('is to be had while the sale has something', () => bySale(judge, rooms));
  it('has its turn, and no other', () => byTurn(judge, rooms));
  it('may ask for a login', () => byLogin(judge, rooms));
  it('is asked for in measure', () => byRate(judge, rooms), 60_000);
});

it('another origin is refused where cookies count', async () => {
  const headers = { cookie: `fg_place_${saleId}=${made.ticket}`, origin: 'https://evil.example' };
  for (const operation of withSlug('forbidden')) {
    const { authorization: _, ...own } = request(operation).headers;
    const asked = { ...request(operation), headers: { ...own, ...headers } };
    expectProblem(await judge.ask(asked), 'forbidden');
  }
});

it('what is not there is 404', async () => {
  for (const operation of withSlug('not-found')) {
    const { method } = operation;
    const target = operation.path.replace(/\{\w+\}/, 'nothing');
    expectProblem(await judge.ask(asking(method, target)), 'not-found');
  }
  expect((await judge.ask(asking('GET', '/preview/nothing'))).status).toBe(404);
});

it('who is banned is told so', async () => {
  const ban = { id: 'ban_1', kind: 'ip', value: '203.0.113.66', expiresAt: null } as const;
  await rooms.redis.set(bansKey, banListText({ version: 1, bans: [ban] }));
  const mine = { 'cf-connecting-ip': '203.0.113.66' };
  for (const operation of withSlug('banned')) {
    const asked = { ...request(operation), headers: { ...request(operation).headers, ...mine } };
    await waitFor(`the ban of ${operation.name}`, 5, async () => {
      return (await call(`${edge.url}/`, { headers: mine })).status === 403;
    });
    expectProblem(await judge.ask(asked), 'banned');
  }
  await rooms.redis.del(bansKey);
});

it('with Redis and the checkouts away whatever needs them is 503', async () => {
  const lost = await startEdge({ redisUrl: 'redis://127.0.0.1:1' });
  try {
    const ticket = forgedTicket(lost, saleId, Math.floor(Date.now() / 1_000) + 3_600);
    const { ask } = judged(lost, api);
    const asked = withSlug('unavailable').map(async (operation) => {
      const answer = await ask(request(operation, { ...made, ticket }));
      expect([operation.name, answer.status]).toEqual([operation.name, 503]);
    });
    await Promise.all(asked);
  } finally {
    await lost.stop();
  }
}, 120_000);

it('what the checkout answers has its refusals', async () => {
  const coming = (await seedSale(checkouts.sql, { units: 1 })).saleId;
  await checkouts.sql`
    update sales set phase = 'scheduled', starts_at = now() + interval '1 h' where id = ${coming}`;
  const logs = ['', '/log'].map((path) => asking('GET', `/api/sales/${coming}/fairness${path}`));
  // All are asked before the flood, of which the limit keeps something for a while.
  for (const asked of logs) expectProblem(await judge.ask(asked), 'sale-not-open');
  for (const asked of logs) {
    await waitFor('the limit of an address', 20, async () => {
      const flood = Array.from({ length: 250 }, () => call(`${balancer.url}/nothing`));
      const answers = await Promise.all(Array.from({ length: 20 }, () => judge.ask(asked)));
      await Promise.all(flood);
      return answers.some(({ status }) => status === 429);
    });
  }
}, 60_000);

it('every documented answer was brought about', () => {
  expect(api.missing()).toEqual([]);
});
