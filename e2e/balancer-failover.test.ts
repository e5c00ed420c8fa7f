import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type EchoBalancer, startEchoBalancer } from './support/echo-balancer.ts';
import type { EchoUpstream, Seen } from './support/echo-upstream.ts';
import { type Answer, call } from './support/http.ts';
import { waitFor } from './support/wait.ts';

// What nginx does about instances that fail (ADR 0013).

let rig: EchoBalancer;
beforeAll(async () => {
  rig = await startEchoBalancer();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

const post = (path: string, headers: Record<string, string> = {}) =>
  call(`${rig.balancer.url}${path}`, { method: 'POST', json: { items: [] }, headers });
const redeem = (headers: Record<string, string> = {}) => post('/v1/redemptions', headers);

/** Sends until one of these was asked; the statuses of all the answers, 0 where none came. */
async function untilAsked(
  upstreams: EchoUpstream[],
  send: () => Promise<Answer>,
): Promise<Set<number>> {
  const statuses = new Set<number>();
  await waitFor('an instance being asked', 50, async () => {
    statuses.add(
      await send().then(
        ({ status }) => status,
        () => 0,
      ),
    );
    return upstreams.some(({ seen }) => seen.length > 0);
  });
  return statuses;
}

const answeredWell = new Set([200]);

test('an instance that failed twice is left alone for a while, and asked again afterwards', async () => {
  rig.one.behaviour = 'drops';
  const startedMs = Date.now();
  for (let i = 0; i < 60; i += 1) expect((await redeem()).status).toBe(200);
  // Two that count, and one more after each second.
  const asked = 2 + (Date.now() - startedMs) / 1_000;
  expect(rig.one.seen.length).toBeGreaterThan(0);
  expect(rig.one.seen.length).toBeLessThanOrEqual(asked + 1);
  rig.reset();
  expect(await untilAsked([rig.one], () => redeem())).toEqual(answeredWell);
});

const marks = ({ headers }: Seen) => ({
  key: headers['idempotency-key'],
  request: headers['x-balancer-request'],
});

test('a redemption whose answer was lost goes to the other instance as the same one', async () => {
  rig.one.behaviour = 'drops';
  for (const headers of [{}, { dpop: 'proof', 'x-balancer-request': '0'.repeat(32) }]) {
    for (const { seen } of [rig.one, rig.two]) seen.length = 0;
    expect(await untilAsked([rig.one], () => redeem(headers))).toEqual(answeredWell);
    const [lost] = rig.one.seen;
    if (!lost) throw new Error('nothing was lost');
    expect(marks(lost)).toEqual({
      key: expect.stringMatching(/^balancer-[0-9a-f]{32}$/),
      request: expect.stringMatching(/^(?!0{32})[0-9a-f]{32}$/),
    });
    const again = rig.two.seen.filter(
      ({ headers }) => headers['x-balancer-request'] === marks(lost).request,
    );
    expect(again.map(({ body }) => body)).toEqual([lost.body]);
    expect(again.map(marks)).toEqual([marks(lost)]);
  }
});

test.each([
  ['a redemption', '/v1/redemptions'],
  ['a form with its key', '/checkout/redeem'],
  ['a payment', '/v1/orders/ord_1/payments'],
  ['a form of the order page', '/checkout/orders/ord_1/pay'],
  ['an event of a provider', '/webhooks/sandbox'],
])(
  '%s goes to the other instance when its answer is lost, or a gateway before it says 502',
  async (_, path) => {
    for (const behaviour of ['drops', 'is a bad gateway'] as const) {
      rig.reset();
      rig.one.behaviour = behaviour;
      expect(await untilAsked([rig.one], () => post(path))).toEqual(answeredWell);
    }
  },
);

test('an instance that hangs is given up in time for the other one to answer', async () => {
  rig.one.behaviour = 'hangs';
  expect(await untilAsked([rig.one], () => redeem())).toEqual(answeredWell);
});

test('events come as they are sent, each at once', async () => {
  const aborts = new AbortController();
  const { signal } = aborts;
  const response = await fetch(`${rig.balancer.url}/v1/orders/ord_1/events`, { signal });
  const reader = response.body?.getReader();
  const next = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await next()).toBe('event: order\n\n');
  for (const event of ['event: two\n\n', 'event: three\n\n']) {
    for (const stream of [...rig.one.streams, ...rig.two.streams]) stream.write(event);
    expect(await next()).toBe(event);
  }
  aborts.abort();
});

test('static files are kept: asked for once, revalidated by the client, given without a checkout', async () => {
  const url = `${rig.balancer.url}/checkout/assets/a.css`;
  await waitFor('the file', 5, async () => (await call(url)).status === 200);
  const before = rig.seen().length;
  const again = await call(url);
  expect(again.headers.get('etag')).toMatch(/"v1"/);
  expect(again.headers.get('content-encoding')).toBe('gzip');
  const etag = again.headers.get('etag') ?? '';
  expect((await call(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  rig.one.behaviour = 'drops';
  rig.two.behaviour = 'drops';
  const away = await call(url);
  expect(away.status).toBe(200);
  expect(away.headers.get('x-request-id')).not.toBe(again.headers.get('x-request-id'));
  expect(rig.seen()).toHaveLength(before);
});

test('static files that have grown old are given while no checkout answers', async () => {
  const url = `${rig.balancer.url}/checkout/assets/kept-for-1-second.css`;
  await waitFor('the file', 5, async () => (await call(url)).status === 200);
  for (const behaviour of ['drops', 'is a bad gateway'] as const) {
    rig.reset();
    rig.one.behaviour = behaviour;
    rig.two.behaviour = behaviour;
    const statuses = await untilAsked([rig.one, rig.two], () => call(url));
    expect(statuses.add((await call(url)).status)).toEqual(answeredWell);
  }
});
