import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Balancer, rawGet, sendRaw, startBalancer } from './support/balancer.ts';
import { type EchoUpstream, startEchoUpstream } from './support/echo-upstream.ts';
import { call } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { holdsFor, waitFor } from './support/wait.ts';

// The real nginx, with the configuration that is deployed (ADR 0013).

let one: EchoUpstream;
let two: EchoUpstream;
let balancer: Balancer;
const ends: (() => Promise<void>)[] = [];
const seen = () => [...one.seen, ...two.seen];

beforeAll(async () => {
  [one, two] = await Promise.all([startEchoUpstream(), startEchoUpstream()]);
  balancer = await startBalancer({ upstreams: [one.host, two.host] });
  ends.push(balancer.stop, one.stop, two.stop);
});
beforeEach(() => {
  for (const upstream of [one, two]) {
    upstream.seen.length = 0;
    upstream.behaviour = 'answers';
  }
});
afterAll(async () => {
  for (const end of ends) await end();
});

test('requests are spread over the instances', async () => {
  await Promise.all(Array.from({ length: 20 }, () => call(`${balancer.url}/healthz`)));
  expect(one.seen.length).toBeGreaterThan(3);
  expect(two.seen.length).toBeGreaterThan(3);
});

test.each([
  ...['/metrics', '/metrics/', '/METRICS', '//metrics', '/%6detrics', '/metrics?x=1', '/./metrics'],
  ...['/checkout/../metrics', '/checkout/%2e%2e/metrics', '/checkout/..%2fmetrics', '/metrics%2f'],
  ...['/checkout\\..\\metrics', '/checkout/%5c..%5cmetrics', '/checkout//..//readyz', '/readyz'],
  ...['/internal/orders/x/refund', '/Internal/x', '/%69nternal/x', '/v1/orders/../../internal/x'],
  ...[
    '/v1/sales',
    '/v1/orders',
    '/webhooks',
    '/checkout/assets',
    '/sandbox/controls',
    '/console',
    '/bound-redemption',
    '/',
  ],
  ...['/balancer-problems/unavailable', '/checkout/%20%3f/..\\metrics', '/docs/../metrics'],
  ...['http://shop.example/metrics', '/healthz/../metrics', '/webhooks/..;/../metrics'],
])('what is for the inside is not there: %s', async (target) => {
  expectProblem(await sendRaw(balancer.port, rawGet(target)), 'not-found');
  expect(seen()).toEqual([]);
});

test.each([
  ...['/healthz', '/openapi.json', '/docs', '/checkout?sale=x', '/checkout/orders/ord_1'],
  ...['/v1/orders/ord_1', '/webhooks/sandbox', '/v1/redemptions'],
])('what is for shoppers is passed on as it came: %s', async (target) => {
  expect((await sendRaw(balancer.port, rawGet(target))).status).toBe(200);
  expect(seen().map(({ url }) => url)).toEqual([target]);
});

test('its own refusals are problem documents', async () => {
  const { port } = balancer;
  const large = 'x'.repeat(66_000);
  const post = (length: number, body: string) =>
    `POST /v1/redemptions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`;
  expectProblem(await sendRaw(port, post(large.length, '')), 'payload-too-large');
  const header = (bytes: number) => rawGet('/healthz', `X-Large: ${'x'.repeat(bytes)}`);
  expectProblem(await sendRaw(port, header(9_000)), 'invalid-request');
  expect((await sendRaw(port, header(7_000))).status).toBe(200);
  expectProblem(await sendRaw(port, rawGet(`/docs?${'x'.repeat(9_000)}`)), 'invalid-request');
  expectProblem(await sendRaw(port, 'nonsense\r\n\r\n'), 'invalid-request');
  expectProblem(await sendRaw(port, rawGet('/docs', 'Host: twice')), 'invalid-request');
  expectProblem(
    await sendRaw(port, 'TRACE /docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    'method-not-allowed',
  );
  expect(seen().map(({ url }) => url)).toEqual(['/healthz']);
  const unknown = await sendRaw(port, rawGet('/nothing', 'X-Request-Id: of-the-client-1'));
  expectProblem(unknown, 'not-found');
  expect(unknown.headers.get('x-request-id')).toBe('of-the-client-1');
  expect(unknown.headers.get('server')).toBe('nginx');
});

test('no checkout that answers is 503, with a time to come back', async () => {
  const alone = await startBalancer({ upstreams: ['127.0.0.1:1', '127.0.0.1:2'] });
  ends.push(alone.stop);
  expectProblem(await call(`${alone.url}/v1/orders/ord_1`), 'unavailable');
  const redeem = { method: 'POST', json: {} };
  expectProblem(await call(`${alone.url}/v1/redemptions?secret=1`, redeem), 'unavailable');
  // nginx writes its line when the request has ended, which the client may hear first.
  const line = await waitFor(
    'the log',
    5,
    () => alone.log().includes('/v1/redemptions') && alone.log(),
  );
  expect(line).not.toContain('secret');
  expect(JSON.parse(line.split('\n')[0] ?? '')).toMatchObject({ status: '503', method: 'GET' });
});

test('what a client says about its address goes no further', async () => {
  const forged = [
    'X-Forwarded-For',
    'CF-Connecting-IP',
    'X-Real-IP',
    'True-Client-IP',
    'Forwarded',
  ];
  const headers = [...forged.map((name) => `${name}: 9.9.9.9`), 'X-Forwarded-Proto: gopher'];
  await sendRaw(balancer.port, rawGet('/docs', ...headers, 'X_Forwarded_For: 9.9.9.9'));
  const [request] = seen();
  expect(request?.headers).toMatchObject({
    host: 'shop.example',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-request-id': expect.stringMatching(/^req_/),
  });
  expect(JSON.stringify(request?.headers)).not.toMatch(/9\.9\.9\.9|gopher/);
});

test('a trusted proxy is believed, and nobody else', async () => {
  const trusted = { proxies: ['127.0.0.2'], header: 'CF-Connecting-IP' };
  const upstreams = [one.host];
  const own = await startBalancer({ upstreams, trusted, limitLoopback: true });
  ends.push(own.stop);
  const said = ['CF-Connecting-IP: 9.9.9.9', 'X-Forwarded-Proto: https'];
  await sendRaw(own.port, rawGet('/docs', ...said), '127.0.0.2');
  await sendRaw(own.port, rawGet('/docs', ...said), '127.0.0.3');
  const from = one.seen.map((it) => [
    it.headers['x-forwarded-for'],
    it.headers['x-forwarded-proto'],
  ]);
  expect(from).toEqual([
    ['9.9.9.9', 'https'],
    ['127.0.0.3', 'http'],
  ]);
});

test('requests and connections of one address are limited, and headers move nobody out of it', async () => {
  const own = await startBalancer({ upstreams: [one.host], limitLoopback: true });
  ends.push(own.stop);
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, i) =>
      call(`${own.url}/docs`, { headers: { 'x-forwarded-for': `9.9.9.${i % 250}` } }),
    ),
  );
  const limited = answers.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(100);
  for (const answer of limited.slice(0, 3)) expectProblem(answer, 'rate-limited');
  expect((await sendRaw(own.port, rawGet('/docs'), '127.0.0.2')).status).toBe(200);

  const aborts = new AbortController();
  // Held by name: a response that nobody holds is collected, and its stream ends with it.
  const held: Response[] = [];
  const open = async () => {
    const { signal } = aborts;
    const answer = await fetch(`${own.url}/v1/orders/ord_1/events`, { signal });
    if (answer.status === 200) held.push(answer);
    else await answer.text();
    return answer.status;
  };
  await waitFor('300 open streams', 20, async () => {
    await Promise.all(Array.from({ length: 300 - held.length }, open));
    return held.length === 300;
  });
  // Within 2 s the rate would let some of these through; the connections let none.
  await holdsFor(2, async () => expect(await open()).toBe(429));
  expect(one.streams.size).toBe(300);
  await held.pop()?.body?.cancel();
  await waitFor('a place for one more', 5, async () => (await open()) === 200);
  aborts.abort();
});

test('the loopback is exempt from limits unless it is asked for', async () => {
  const answers = await Promise.all(
    Array.from({ length: 400 }, () => call(`${balancer.url}/docs`)),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
});

test('a slow client is cut off, and never held a connection of a checkout', async () => {
  const { port } = balancer;
  const head = 'POST /v1/redemptions HTTP/1.1\r\nHost: x\r\n';
  const [headers, body] = await Promise.all([
    sendRaw(port, head),
    sendRaw(port, `${head}Content-Length: 100\r\n\r\n{`),
  ]);
  for (const { status, tookMs } of [headers, body]) {
    expect([0, 408]).toContain(status);
    expect(tookMs).toBeLessThan(20_000);
  }
  expect(seen()).toEqual([]);
});

test('events come as they are sent', async () => {
  const aborts = new AbortController();
  const { signal } = aborts;
  const response = await fetch(`${balancer.url}/v1/orders/ord_1/events`, { signal });
  const first = await response.body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toBe('event: order\n\n');
  aborts.abort();
});

const redeem = (headers: Record<string, string> = {}) =>
  call(`${balancer.url}/v1/redemptions`, { method: 'POST', json: { items: [] }, headers });
const keys = () => seen().map(({ headers }) => headers['idempotency-key']);

test('a redemption gets an idempotency key, and keeps one that it has', async () => {
  await redeem();
  await redeem();
  await redeem({ 'idempotency-key': 'of the shopper' });
  await redeem({ dpop: 'proof', 'idempotency-key': 'bound' });
  const given = keys();
  expect(new Set(given.filter((key) => `${key}`.startsWith('balancer-'))).size).toBe(2);
  expect(given).toEqual(expect.arrayContaining(['of the shopper', 'bound']));
  expect(seen().every(({ url, method }) => `${method} ${url}` === 'POST /v1/redemptions')).toBe(
    true,
  );
});

test('a redemption whose answer was lost goes to the other instance under the same key', async () => {
  one.behaviour = 'drops';
  const answers = [await redeem(), await redeem(), await redeem()];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(one.seen.length).toBeGreaterThan(0);
  const [lost] = one.seen;
  const again = two.seen.filter(
    (it) => it.headers['idempotency-key'] === lost?.headers['idempotency-key'],
  );
  expect(again).toHaveLength(1);
  expect(again[0]?.body).toBe(lost?.body);
});

test('a redemption with a proof is sent once, and a payment too', async () => {
  one.behaviour = 'drops';
  two.behaviour = 'drops';
  expectProblem(await redeem({ dpop: 'proof' }), 'unavailable');
  expect(seen()).toHaveLength(1);
  await waitFor('the instances being asked again', 5, async () => {
    one.seen.length = 0;
    two.seen.length = 0;
    await call(`${balancer.url}/v1/orders/ord_1/payments`, { method: 'POST', json: {} });
    return seen().length > 0;
  });
  expect(seen()).toHaveLength(1);
});

test('static files are kept: asked for once, revalidated by the client, given without a checkout', async () => {
  const url = `${balancer.url}/checkout/assets/a.css`;
  await waitFor('the file', 5, async () => (await call(url)).status === 200);
  const before = seen().length;
  const again = await call(url);
  expect(again.headers.get('etag')).toMatch(/"v1"/);
  const etag = again.headers.get('etag') ?? '';
  expect((await call(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  one.behaviour = 'drops';
  two.behaviour = 'drops';
  const away = await call(url);
  expect(away.status).toBe(200);
  expect(away.headers.get('x-request-id')).not.toBe(again.headers.get('x-request-id'));
  expect(seen()).toHaveLength(before);
});
