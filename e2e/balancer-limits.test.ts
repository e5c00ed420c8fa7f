import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BalancerPlace } from '../scripts/stack/balancer.ts';
import { rawGet, sendRaw, startBalancer } from './support/balancer.ts';
import { type EchoBalancer, startEchoBalancer } from './support/echo-balancer.ts';
import { call, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { holdsFor, waitFor } from './support/wait.ts';

// What one address may do (ADR 0013), with the real nginx.

let rig: EchoBalancer;
beforeAll(async () => {
  rig = await startEchoBalancer();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

/** One that counts what comes from loopback, and what a trusted proxy there says. */
async function limiting(trusted?: BalancerPlace['trusted']) {
  const wish = { upstreams: [rig.one.host], limitLoopback: true };
  const own = await startBalancer(trusted === undefined ? wish : { ...wish, trusted });
  rig.ends.push(own.stop);
  return own;
}

test('a trusted proxy is believed, and nobody else', async () => {
  const own = await limiting({ proxies: ['127.0.0.2'], header: 'CF-Connecting-IP' });
  const said = ['CF-Connecting-IP: 9.9.9.9', 'X-Forwarded-Proto: https'];
  await sendRaw(own.port, rawGet('/docs', ...said), '127.0.0.2');
  await sendRaw(own.port, rawGet('/docs', ...said), '127.0.0.3');
  const from = rig.one.seen.map(({ headers }) => [
    headers['x-forwarded-for'],
    headers['x-forwarded-proto'],
  ]);
  expect(from).toEqual([
    ['9.9.9.9', 'https'],
    ['127.0.0.3', 'http'],
  ]);
});

test('requests of one address are limited, whatever its headers say and whether anything is there', async () => {
  const own = await limiting();
  const paths = ['/docs', '/checkout', '/nothing', '/v1/orders', '//odd'];
  const browser = { accept: 'text/html', 'accept-language': 'fr' };
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, i) =>
      call(`${own.url}${paths[i % paths.length]}`, {
        headers: { ...browser, 'x-forwarded-for': `9.9.9.${i % 250}` },
      }),
    ),
  );
  const limited = paths.map((path, at) => ({
    path,
    refused: answers.filter(({ status }, i) => status === 429 && i % paths.length === at),
  }));
  expect(limited.flatMap(({ refused }) => refused).length).toBeGreaterThan(100);
  for (const { path, refused } of limited) {
    const [one] = refused;
    if (one === undefined) throw new Error(`${path} was never refused`);
    if (path !== '/checkout') expectProblem(one, 'rate-limited');
    else {
      expect(one.headers.get('content-type')).toContain('text/html');
      expect(one.text).toContain('Trop de requêtes sont venues d’ici.');
    }
  }
  expect((await sendRaw(own.port, rawGet('/docs'), '127.0.0.2')).status).toBe(200);
});

test.each([
  ['an IPv4 address, written as IPv6 too', ['9.9.9.9', '::ffff:9.9.9.9'], 'are one'],
  ['a /64', ['2001:db8:0:0:1::', '2001:db8::1:2:3:4', '2001:DB8::7'], 'are one'],
  ['another /64', ['2001:db8:0:1::1', '2001:db8:0:1:5:6:7:8'], 'are one'],
  ['two /64s', ['2001:0:0:5:1:2:3:4', '2001::6:1:2:3:4'], 'are two'],
  ['two IPv4 addresses', ['9.9.9.8', '::ffff:9.9.9.7'], 'are two'],
])('%s: %j %s to the limit', async (_, spellings, count) => {
  const own = await limiting({ proxies: ['127.0.0.1'], header: 'CF-Connecting-IP' });
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, i) => {
      const address = spellings[i % spellings.length] ?? '';
      return call(`${own.url}/docs`, { headers: { 'cf-connecting-ip': address } });
    }),
  );
  const limited = answers.filter(({ status }) => status === 429);
  if (count === 'are one') expect(limited.length).toBeGreaterThan(50);
  else expect(limited.length).toBe(0);
});

test('open connections of one address are limited', async () => {
  const own = await limiting();
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
  expect(rig.one.streams.size).toBe(300);
  await held.pop()?.body?.cancel();
  await waitFor('a place for one more', 5, async () => (await open()) === 200);
  aborts.abort();
});

test('the events of a provider, whose addresses are few, are not limited as a shopper is', async () => {
  const own = await limiting();
  const event = { method: 'POST', json: {} };
  const statuses = await mapBounded(Array.from({ length: 600 }), 100, async () => {
    return (await call(`${own.url}/webhooks/sandbox`, event)).status;
  });
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('the loopback is exempt from limits unless it is asked for', async () => {
  const answers = await Promise.all(
    Array.from({ length: 400 }, () => call(`${rig.balancer.url}/docs`)),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
});

test('a client that sends slowly is cut off, and never held a connection of a checkout', async () => {
  const { port } = rig.balancer;
  const head = 'POST /v1/redemptions HTTP/1.1\r\nHost: x\r\n';
  const [headers, body] = await Promise.all([
    sendRaw(port, head),
    sendRaw(port, `${head}Content-Length: 100\r\n\r\n{`),
  ]);
  for (const { status, tookMs } of [headers, body]) {
    expect([0, 408]).toContain(status);
    expect(tookMs).toBeLessThan(20_000);
  }
  expect(rig.seen()).toEqual([]);
});

test('a client that does not read its events is cut off, and nothing of them is piled up for it', async () => {
  const socket = connect({ host: '127.0.0.1', port: rig.balancer.port });
  socket.on('error', () => {}).pause();
  socket.write(rawGet('/v1/orders/ord_1/events'));
  const streams = () => [...rig.one.streams, ...rig.two.streams];
  const [stream] = await waitFor('the stream', 5, () => streams().length > 0 && streams());
  let isTaken = false;
  stream?.write('x'.repeat(32 * 1024 * 1024), (error) => {
    isTaken = !error;
  });
  await waitFor('its end', 30, () => streams().length === 0);
  expect(isTaken).toBe(false);
  socket.destroy();
});
