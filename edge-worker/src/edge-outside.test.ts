import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { newId } from '@fairgate/shared/ids.ts';
import { problemResponse } from '@fairgate/shared/problem.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import type { CallOptions } from '../../e2e/support/http.ts';
import { expectProblem, mistakePaths } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { type OwnRedis, startOwnRedis } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let redis: OwnRedis;
let process_: EdgeProcess;
let rooms: Rooms;
let edge: EdgeClient;
let checkout: FakeCheckout;
beforeAll(async () => {
  redis = await startOwnRedis();
  checkout = await startFakeCheckout();
  const CHECKOUT_ORIGINS = `http://127.0.0.1:1,${checkout.url}`;
  process_ = await startEdge({ redisUrl: redis.url, bindings: { CHECKOUT_ORIGINS } });
  rooms = roomsIn(redis.url);
  edge = edgeClient(process_.url);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await process_?.stop();
  checkout?.server.close();
  await redis?.stop();
});

const html = { accept: 'text/html' };
const cookiesOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((it) => it.split(';')[0])
    .join('; ');

describe('bad input gets a problem document, and joins nobody', () => {
  test('by each call and each mistake', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const place = `/api/sales/${saleId}/place`;
    const json = (body: string) => ({ body, headers: { 'content-type': 'application/json' } });
    const cases: [string, CallOptions, Parameters<typeof expectProblem>[1]][] = [
      [place, { method: 'POST', ...json('{') }, 'invalid-request'],
      [place, { method: 'POST', json: { publicKey: { kty: 'EC', d: 'x' } } }, 'invalid-request'],
      [place, { method: 'POST', json: { language: 'not a tag' } }, 'invalid-request'],
      [place, { method: 'POST', json: { pushSubscription: {} } }, 'invalid-request'],
      [place, { method: 'POST', json: { pass: 'x'.repeat(70_000) } }, 'payload-too-large'],
      [place, { method: 'POST', body: 'a=b' }, 'unsupported-media-type'],
      [place, { method: 'PUT' }, 'method-not-allowed'],
      [`${place}/token`, { method: 'GET' }, 'method-not-allowed'],
      ['/api/sales?limit=1000', {}, 'invalid-request'],
      ['/api/sales?cursor=nonsense', {}, 'invalid-request'],
      [`/api/sales/${newId('sale')}`, {}, 'not-found'],
      [`/api/sales/${newId('sale')}/place`, { method: 'POST' }, 'not-found'],
      ['/api/sales/%F0%9F%8E%AB/challenge', {}, 'not-found'],
      [`${place}/token`, { method: 'POST', body: 'x'.repeat(70_000) }, 'payload-too-large'],
      [place, { method: 'DELETE', body: 'x'.repeat(70_000) }, 'payload-too-large'],
      ['/metrics', {}, 'not-found'],
    ];
    for (const [path, options, slug] of cases) expectProblem(await edge.raw(path, options), slug);
    const wrong = await edge.raw(place, { method: 'POST', json: { email: 5, pass: '' } });
    expect(mistakePaths(expectProblem(wrong, 'invalid-request')).sort()).toEqual(['email', 'pass']);
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(0);
    const later = await rooms.open({ startsAt: Date.now() + 3_600_000, lobbySeconds: 0 });
    const early = await edge.raw(`/api/sales/${later}/place`, { method: 'POST' });
    expectProblem(early, 'sale-not-open');
  });

  test('also where a large body is of no announced length', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    for (const path of [`/api/sales/${saleId}/place/token`, `/sales/${saleId}/leave`]) {
      const body = new Blob(['x'.repeat(70_000)]).stream();
      const wish: RequestInit = { method: 'POST', body, duplex: 'half' };
      expect((await fetch(process_.url + path, wish)).status).toBe(413);
    }
  });

  test('a page is told about in a page', async () => {
    const answer = await edge.raw('/sales/nothing', { headers: html });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expectProblem(await edge.raw('/api/sales/nothing', { headers: html }), 'not-found');
  });
});

test('another origin is refused where cookies count, and nowhere else', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const { ticket: bearer } = await edge.join(saleId);
  const place = `/api/sales/${saleId}/place`;
  const origin = 'https://evil.example';
  const headers = { origin, cookie: `fg_place_${saleId}=${bearer}` };
  const byCookie: [string, string][] = [
    ...['GET', 'POST', 'DELETE'].map((method): [string, string] => [method, place]),
    ['POST', `${place}/token`],
    ['GET', `/sales/${saleId}`],
    ...['join', 'leave', 'buy'].map((it): [string, string] => ['POST', `/sales/${saleId}/${it}`]),
  ];
  for (const [method, path] of byCookie) {
    expectProblem(await edge.raw(path, { method, headers }), 'forbidden');
  }
  expectProblem(await edge.raw(place, { method: 'POST', headers: { origin } }), 'forbidden');
  expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(1);
  for (const path of ['/', `/sales/${saleId}`, '/api/sales', `/api/sales/${saleId}`]) {
    expect((await edge.raw(path, { headers: { origin } })).status).toBe(200);
  }
  const ours = { ...headers, origin: process_.url };
  expect((await edge.raw(place, { headers: ours })).status).toBe(200);
  const byTicket = { bearer, headers: { origin } };
  expect((await edge.raw(place, byTicket)).status).toBe(200);
  expect((await edge.raw(place, { ...byTicket, method: 'POST' })).status).toBe(200);
  const token = await edge.raw(`${place}/token`, { ...byTicket, method: 'POST' });
  expectProblem(token, 'not-admitted');
  expect((await edge.raw(place, { ...byTicket, method: 'DELETE' })).status).toBe(204);
});

describe('pages', () => {
  test('go from the catalogue to the checkout without a script', async () => {
    const saleId = await rooms.open({ admitPerMinute: 6_000, message: 'Be <kind>' });
    const page = `/sales/${saleId}`;
    const list = await waitFor('the sale in the list', 3, async () => {
      const answer = await edge.raw('/', { headers: html });
      return answer.text.includes(page) ? answer : undefined;
    });
    const before = await edge.raw(page, { headers: html });
    expect(before.text).toContain(`action="${page}/join"`);
    expect(before.text).toContain('Be &lt;kind&gt;');
    expect(before.headers.get('cache-control')).toContain('s-maxage=1');
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: process_.url };
    const joined = await edge.raw(`${page}/join`, { method: 'POST', body: '', headers: form });
    expect([joined.status, joined.headers.get('location')]).toEqual([303, page]);
    const cookie = cookiesOf(joined.headers);
    const turn = await waitFor('the turn', 5, async () => {
      const answer = await edge.raw(page, { headers: { ...html, cookie } });
      return answer.text.includes(`action="${page}/buy"`) ? answer : undefined;
    });
    expect(turn.headers.get('cache-control')).toBe('private, no-cache');
    expect(turn.text).toMatch(/<noscript><meta http-equiv="refresh" content="\d+"><\/noscript>/);
    for (const { text, headers } of [list, before, turn]) {
      const scripts = text.match(/<script[^>]*>/g)?.join() ?? '';
      expect(scripts).not.toMatch(
        /<script(?! type="(module" src="\/assets\/|application\/json" id=))/,
      );
      expect(text).not.toMatch(/style=| on\w+=|(src|href)="https?:/);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).not.toContain('unsafe-inline');
    }
    const headers = { ...form, cookie };
    const bought = await edge.raw(`${page}/buy`, { method: 'POST', headers });
    expect(bought.text).toBe(`POST /checkout?sale=${saleId}`);
    expect(checkout.last().body).toMatch(/^token=ey[\w-]+\.[\w-]+\.[\w-]+$/);
    const left = await edge.raw(`${page}/leave`, { method: 'POST', headers });
    expect(left.headers.getSetCookie().join()).toContain('Max-Age=0');
  });
});

describe('the checkout through the edge', () => {
  test('answers on the paths that are its own, with two cookies and the request id', async () => {
    const headers = {
      'x-forwarded-for': '9.9.9.9',
      'x-request-id': 'test-0000001',
      authorization: 'Bearer k',
    };
    for (const path of ['/checkout', '/checkout/orders/1', '/v1/orders/ord_1?x=1']) {
      const answer = await edge.raw(path, { headers });
      expect([answer.status, answer.text]).toEqual([200, `GET ${path}`]);
      expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/']);
      expect(answer.headers.get('x-request-id')).toBe('test-0000001');
      const got = checkout.last().headers;
      expect(got['x-forwarded-for']).toBe('127.0.0.1');
      expect([got['x-request-id'], got.authorization]).toEqual(['test-0000001', 'Bearer k']);
    }
    await edge.raw('/v1/redemptions', { method: 'POST', json: { items: [] } });
    expect(checkout.last().headers['idempotency-key']).toBeTruthy();
    expect(checkout.last().body).toBe('{"items":[]}');
    expectProblem(await edge.raw('/v1/sales'), 'not-found');
  });

  test('is reached on no other path, however that is spelled', async () => {
    const before = checkout.seen.length;
    for (const path of [
      '/v1/orders/../../metrics',
      '/v1/orders/%2e%2e/%2E%2E/metrics',
      '/v1/orders/.%2e/sales',
      '/v1/orders/..\\..\\metrics',
      '/webhooks/../metrics',
      ...['/checkout/%2e%2e/readyz', '/checkout/../docs', '/checkout/./../v1/sales'],
      '/%63heckout/../metrics',
    ]) {
      expect(`${path} ${await statusOfRaw(path)}`).toBe(`${path} 404`);
    }
    expect(checkout.seen).toHaveLength(before);
    expect(await statusOfRaw('/checkout/x/%2e%2e/orders/1')).toBe(200);
    expect(checkout.last().url).toBe('/checkout/orders/1');
  });

  test('is refused in a page to a browser, where its balancer has a document for everybody', async () => {
    const page = await edge.raw('/checkout?limited', { headers: html });
    const told = ['retry-after', 'content-type'].map((name) => page.headers.get(name));
    expect([page.status, ...told]).toEqual([429, '7', 'text/html; charset=utf-8']);
    expectProblem(await edge.raw('/checkout?limited'), 'rate-limited');
  });

  test('streams events as they come, until the client goes', async () => {
    const response = await fetch(`${process_.url}/v1/orders/ord_1/events`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe('event: order\ndata: 1\n\n');
    expect(checkout.streams()).toBe(1);
    await reader?.cancel();
    await waitFor('the end of the stream', 3, () => checkout.streams() === 0);
  });
});

test('with Redis away the line is shown as it was, and nobody is lost when it is back', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const { ticket } = await edge.join(saleId);
  const page = { ...html, cookie: `fg_place_${saleId}=${ticket}` };
  expect((await edge.poll(saleId, ticket)).stale).toBeUndefined();
  // Stopped by a signal, Redis takes connections and answers nothing: the worst way to be away.
  const pid = Number(/process_id:(\d+)/.exec(await rooms.redis.info('server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  try {
    await waitFor('the place being shown as old', 8, async () => {
      const place = await edge.poll(saleId, ticket);
      expect(place).toMatchObject({ state: 'waiting', number: 1 });
      return place.stale;
    });
    expect((await edge.raw(`/sales/${saleId}`, { headers: page })).status).toBe(200);
    expect((await edge.raw(`/api/sales/${saleId}`)).status).toBe(200);
    const join = await edge.raw(`/api/sales/${saleId}/place`, { method: 'POST' });
    expectProblem(join, 'unavailable');
    const token = { method: 'POST', bearer: ticket };
    expectProblem(await edge.raw(`/api/sales/${saleId}/place/token`, token), 'unavailable');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitFor('the place being shown afresh', 8, async () => {
    return (await edge.poll(saleId, ticket)).stale === undefined;
  });
  await rooms.redis.flushall();
  expect(await edge.poll(saleId, ticket)).toMatchObject({ state: 'waiting', number: 1 });
  await rooms.open({ admitPerMinute: 0 }, saleId);
  await waitFor('the place being back in the room', 8, async () => {
    await edge.poll(saleId, ticket);
    return (await rooms.room.figures(saleId))?.waiting === 1;
  });
}, 60_000);

/** Sends the path as it stands: `fetch` would resolve its dots. */
async function statusOfRaw(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(process_.url);
  return await new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}

type Seen = { url: string; headers: IncomingMessage['headers']; body: string };
type FakeCheckout = { url: string; server: Server; seen: Seen[]; last(): Seen; streams(): number };

/** Answers with what it was asked, sets two cookies, and streams one event without an end. */
async function startFakeCheckout(): Promise<FakeCheckout> {
  const seen: Seen[] = [];
  let streams = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ url: request.url ?? '', headers: request.headers, body });
    if (request.url?.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: order\ndata: 1\n\n');
      // workerd sees that its client has gone when it writes: hence a comment now and then.
      const pings = setInterval(() => response.write(': ping\n\n'), 200);
      streams += 1;
      response.once('close', () => {
        clearInterval(pings);
        streams -= 1;
      });
      return;
    }
    if (request.url === '/checkout?limited') {
      const refused = problemResponse('rate-limited', { detail: 'x', retryAfterSeconds: 7 });
      response.writeHead(429, Object.fromEntries(refused.headers));
      return void response.end(await refused.text());
    }
    response.writeHead(200, { 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] });
    response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const last = () => seen.at(-1) ?? { url: '', headers: {}, body: '' };
  return { url: `http://127.0.0.1:${port}`, server, seen, last, streams: () => streams };
}
