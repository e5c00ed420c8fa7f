import { Problem } from '@fairgate/shared/problem.ts';
import { expect, test } from 'vitest';
import { forwardedHeaders, forwarder, type Outgoing } from './forward.ts';

const origins = ['http://one', 'http://two'];

/** Checkouts that answer, refuse the connection, or lose it after the request was sent. */
function checkouts(behaviour: Record<string, 'answers' | 'refuses' | 'drops'>, balancer?: string) {
  const sent: { origin: string; key: string | null }[] = [];
  const state = { now: 0 };
  const forward = forwarder({
    origins,
    balancer,
    now: () => state.now,
    log: () => undefined,
    fetch: async (url, init) => {
      const { origin } = new URL(url);
      sent.push({ origin, key: new Headers(init.headers).get('idempotency-key') });
      if (behaviour[origin] === 'refuses') throw new Error('connect(): Connection refused');
      if (behaviour[origin] === 'drops') throw new Error('Network connection lost.');
      return new Response(origin, { headers: { 'x-own': '1', connection: 'close' } });
    },
  });
  return { forward, sent, state };
}

const request = (method: string, target: string): Outgoing => ({
  method,
  target,
  headers: new Headers(),
  body: method === 'GET' ? null : '{}',
});

test('the checkouts take turns', async () => {
  const { forward, sent } = checkouts({});
  for (let i = 0; i < 4; i += 1) await forward(request('GET', '/checkout'));
  expect(new Set(sent.map(({ origin }) => origin)).size).toBe(2);
});

test('a request goes on to the next checkout, which is then asked first for a while', async () => {
  const { forward, sent, state } = checkouts({ 'http://one': 'refuses' });
  for (let i = 0; i < 4; i += 1) {
    expect(await (await forward(request('POST', '/v1/orders/x/payments'))).text()).toBe(
      'http://two',
    );
  }
  expect(sent.filter(({ origin }) => origin === 'http://one')).toHaveLength(1);
  state.now += 3_000;
  for (let i = 0; i < 2; i += 1) await forward(request('GET', '/checkout'));
  expect(sent.filter(({ origin }) => origin === 'http://one')).toHaveLength(2);
});

test('what may have had its effect is not sent again, unless that does no harm', async () => {
  const lost = { 'http://one': 'drops', 'http://two': 'drops' } as const;
  const payment = checkouts(lost);
  await expect(payment.forward(request('POST', '/v1/orders/x/payments'))).rejects.toThrow(Problem);
  expect(payment.sent).toHaveLength(1);
  const redemption = checkouts(lost);
  await expect(redemption.forward(request('POST', '/v1/redemptions'))).rejects.toThrow(Problem);
  const keys = redemption.sent.map(({ key }) => key);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
});

test('a redemption with a proof is sent once: the proof would be refused a second time', async () => {
  const bound = (): Outgoing => ({
    ...request('POST', '/v1/redemptions'),
    headers: new Headers({ dpop: 'proof' }),
  });
  const lost = checkouts({ 'http://one': 'drops', 'http://two': 'drops' });
  await expect(lost.forward(bound())).rejects.toThrow(Problem);
  expect(lost.sent).toHaveLength(1);
  const refused = checkouts({ 'http://one': 'refuses', 'http://two': 'refuses' });
  await expect(refused.forward(bound())).rejects.toThrow(Problem);
  expect(refused.sent).toHaveLength(2);
});

test('the balancer is asked first, and the checkouts themselves while it is away', async () => {
  const { forward, sent } = checkouts({}, 'http://balancer');
  for (let i = 0; i < 3; i += 1) await forward(request('GET', '/checkout'));
  expect(new Set(sent.map(({ origin }) => origin))).toEqual(new Set(['http://balancer']));
  const away = checkouts({ 'http://balancer': 'refuses' }, 'http://balancer');
  for (let i = 0; i < 4; i += 1) await away.forward(request('GET', '/checkout'));
  expect(away.sent.filter(({ origin }) => origin === 'http://balancer')).toHaveLength(1);
  expect(new Set(away.sent.slice(1).map(({ origin }) => origin)).size).toBe(2);
  away.state.now += 3_000;
  await away.forward(request('GET', '/checkout'));
  expect(away.sent.at(-2)?.origin).toBe('http://balancer');
});

test('what only the edge may say is not taken from the client', () => {
  const incoming = new Headers({
    'x-forwarded-for': '1.1.1.1',
    'x-forwarded-host': 'evil.example',
    'x-real-ip': '1.1.1.1',
    'x-balancer-request': '0'.repeat(32),
    'cf-connecting-ip': '2.2.2.2',
    connection: 'keep-alive, x-hop',
    'x-hop': '1',
    te: 'trailers',
    cookie:
      'fg_place_sale_1=t; fg_order_ord_1=k; fg_lang=de; fg_visitor=v; a=b; __Host-fg_order_ord_2=l',
    authorization: 'Bearer x',
  });
  const own = { requestId: 'req_1', publicOrigin: 'https://shop.example' };
  expect(Object.fromEntries(forwardedHeaders(incoming, own))).toEqual({
    authorization: 'Bearer x',
    cookie: 'fg_order_ord_1=k; fg_lang=de; __Host-fg_order_ord_2=l',
    'accept-encoding': 'identity',
    'x-forwarded-for': '2.2.2.2',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-proto': 'https',
    'x-request-id': 'req_1',
  });
});

test('tickets and the visitor’s cookie stay at the edge: the checkout gets those of its orders, and the language', () => {
  const own = { requestId: 'req_1', publicOrigin: 'https://shop.example' };
  const cookie = '__Host-fg_visitor=v; __Host-fg_place_sale_1=t; xfg_order_ord_1=k';
  expect(forwardedHeaders(new Headers({ cookie }), own).has('cookie')).toBe(false);
});

test('headers of the connection end at the edge', async () => {
  const answer = await checkouts({}).forward(request('GET', '/checkout'));
  expect([answer.headers.get('x-own'), answer.headers.get('connection')]).toEqual(['1', null]);
});
