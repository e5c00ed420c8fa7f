import { newId } from '@fairgate/shared/ids.ts';
import { cspHash } from '@fairgate/shared/pages/asset.ts';
import { languageOf } from '@fairgate/shared/words/languages.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { rawGet, sendRaw, startBalancer } from './support/balancer.ts';
import { type EchoBalancer, startEchoBalancer } from './support/echo-balancer.ts';
import { call } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { waitFor } from './support/wait.ts';

// The real nginx, with the configuration that is deployed (ADR 0013).

let rig: EchoBalancer;
beforeAll(async () => {
  rig = await startEchoBalancer();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

test('requests are spread over the instances', async () => {
  await Promise.all(Array.from({ length: 20 }, () => call(`${rig.balancer.url}/healthz`)));
  expect(rig.one.seen.length).toBeGreaterThan(3);
  expect(rig.two.seen.length).toBeGreaterThan(3);
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
    '/',
  ],
  ...['/balancer-problems/unavailable', '/checkout/%20%3f/..\\metrics', '/docs/../metrics'],
  ...['http://shop.example/metrics', '/healthz/../metrics', '/webhooks/..;/../metrics'],
])('what is for the inside is not there: %s', async (target) => {
  expectProblem(await sendRaw(rig.balancer.port, rawGet(target)), 'not-found');
  expect(rig.seen()).toEqual([]);
});

test.each([
  ...['/healthz', '/openapi.json', '/docs', '/checkout?sale=x', '/checkout/orders/ord_1'],
  ...['/v1/orders/ord_1', '/webhooks/sandbox', '/v1/redemptions'],
])('what is for shoppers is passed on as it came: %s', async (target) => {
  expect((await sendRaw(rig.balancer.port, rawGet(target))).status).toBe(200);
  expect(rig.seen().map(({ url }) => url)).toEqual([target]);
});

test('its own refusals are problem documents', async () => {
  const { port } = rig.balancer;
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
  expect(rig.seen().map(({ url }) => url)).toEqual(['/healthz']);
  const unknown = await sendRaw(port, rawGet('/nothing', 'X-Request-Id: of-the-client-1'));
  expectProblem(unknown, 'not-found');
  expect(unknown.headers.get('x-request-id')).toBe('of-the-client-1');
  expect(unknown.headers.get('server')).toBe('nginx');
});

test('no checkout that answers is 503, with a time to come back', async () => {
  const alone = await startBalancer({ upstreams: ['127.0.0.1:1', '127.0.0.1:2'] });
  rig.ends.push(alone.stop);
  expectProblem(await call(`${alone.url}/v1/orders/ord_1`), 'unavailable');
  const redeem = { method: 'POST', json: {} };
  expectProblem(await call(`${alone.url}/v1/redemptions?secret=1`, redeem), 'unavailable');
  await expectPages(alone.url);
  // nginx writes its line when the request has ended, which the client may hear first.
  const line = await waitFor(
    'the log',
    5,
    () => alone.log().includes('/v1/redemptions') && alone.log(),
  );
  expect(line).not.toContain('secret');
  expect(JSON.parse(line.split('\n')[0] ?? '')).toMatchObject({ status: '503', method: 'GET' });
  await alone.stop();
  expect(alone.errors()).not.toContain('secret');
});

/** A browser is told in a page: in its language, under a strict policy, and with the way on. */
async function expectPages(url: string): Promise<void> {
  const order = `/checkout/orders/${newId('ord')}`;
  const sale = newId('sale');
  const cases: [string, string, string, string | null][] = [
    ['GET', order, 'nl,ar-EG;q=0.8,de;q=0.5', order],
    ['POST', `${order}/pay`, 'xx', order],
    ['GET', `/checkout?lang=de&sale=${sale}`, 'fr;q=0,de', `/sales/${sale}`],
    ['GET', `/checkout?sale="><b>`, 'pt-BR', null],
    ['POST', '/checkout/redeem', 'ja,en;q=0.5', null],
  ];
  for (const [method, path, wanted, way] of cases) {
    const headers = { accept: 'text/html,*/*;q=0.8', 'accept-language': wanted };
    const answer = await call(url + path, { method, headers });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const style = /<style>(.*)<\/style>/s.exec(answer.text)?.[1] ?? '';
    expect(answer.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src ${cspHash(style)}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    const language = languageOf(wanted);
    const speech = speechIn(language);
    expect(answer.text).toContain(`<html lang="${language}" dir="${speech.direction}">`);
    expect(answer.text).toContain(`<h1>${speech.say('trouble.awayTitle')}</h1>`);
    expect(answer.text).toContain(`<p>${speech.say('mistake.away')}</p>`);
    const links = [...answer.text.matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => link);
    expect(links).toEqual(way === null ? ['/'] : [way, '/']);
    expect(answer.text.includes('http-equiv="refresh"')).toBe(method === 'GET');
    expect(answer.text.includes(speech.say('trouble.resend'))).toBe(path === '/checkout/redeem');
    expect(answer.text).toContain(answer.headers.get('x-request-id') ?? 'an id');
    expect(answer.text).not.toMatch(/\$\w/);
  }
  const chosen = { accept: 'text/html', cookie: 'a=b; fg_lang=ko', 'accept-language': 'de' };
  expect((await call(`${url}/checkout`, { headers: chosen })).text).toContain('lang="ko"');
  const app = { accept: 'text/html' };
  expectProblem(await call(`${url}/v1/orders/ord_1`, { headers: app }), 'unavailable');
}

test('what a client says about its address, or of another request than this, goes no further', async () => {
  const forged = [
    ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Real-IP', 'Forwarded'],
    ...['CF-Connecting-IP', 'CF-Connecting-IPv6', 'CF-Visitor', 'True-Client-IP', 'X-Client-IP'],
    ...['X-Cluster-Client-IP', 'Fastly-Client-IP', 'X-Original-URL', 'X-Rewrite-URL', 'Proxy'],
    ...['X-HTTP-Method-Override', 'X-Balancer-Request'],
  ];
  const headers = [...forged.map((name) => `${name}: 9.9.9.9`), 'X-Forwarded-Proto: gopher'];
  await sendRaw(rig.balancer.port, rawGet('/docs', ...headers, 'X_Forwarded_For: 9.9.9.9'));
  const [request] = rig.seen();
  expect(request?.headers).toMatchObject({
    host: 'shop.example',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-request-id': expect.stringMatching(/^req_/),
    'x-balancer-request': expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(JSON.stringify(request?.headers)).not.toMatch(/9\.9\.9\.9|gopher/);
  // What is told and logged does not say by which id a second try is known.
  const { 'x-request-id': told, 'x-balancer-request': id } = request?.headers ?? {};
  expect(told).not.toContain(id);
});

const redeem = (headers: Record<string, string> = {}) =>
  call(`${rig.balancer.url}/v1/redemptions`, { method: 'POST', json: { items: [] }, headers });
const keys = () => rig.seen().map(({ headers }) => headers['idempotency-key']);

test('a redemption gets an idempotency key, and keeps one that it has', async () => {
  await redeem();
  await redeem();
  await redeem({ 'idempotency-key': 'of the shopper' });
  await redeem({ dpop: 'proof', 'idempotency-key': 'bound' });
  const given = keys();
  expect(new Set(given.filter((key) => `${key}`.startsWith('balancer-'))).size).toBe(2);
  expect(given).toEqual(expect.arrayContaining(['of the shopper', 'bound']));
  expect(rig.seen().every(({ url, method }) => `${method} ${url}` === 'POST /v1/redemptions')).toBe(
    true,
  );
});
