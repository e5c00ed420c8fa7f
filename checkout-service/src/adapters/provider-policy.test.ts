import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderCall } from '../app/provider-ports.ts';
import { limits } from '../limits.ts';
import { eventually } from '../testing/checkout-rig.ts';
import {
  type CallAbout,
  ProviderFault,
  type ProviderPolicy,
  policyFigures,
  providerPolicy,
} from './provider-policy.ts';

/** What the provider does with each request; a real server on loopback. */
type Behaviour = (reply: ServerResponse, nth: number) => void;
const behaviours = {
  answers: (reply) => reply.end('fine'),
  fails: (reply) => reply.writeHead(500).end(),
  throttles: (reply) => reply.writeHead(429).end(),
  declines: (reply) => reply.writeHead(402).end('declined'),
  hangs: () => {},
  resets: (reply) => reply.socket?.resetAndDestroy(),
  stallsInTheBody: (reply) => void reply.writeHead(200).write('half'),
  failsTwice: (reply, nth) => (nth <= 2 ? reply.writeHead(503).end() : reply.end('fine')),
} satisfies Record<string, Behaviour>;

let behaviour: Behaviour = behaviours.answers;
let requests = 0;
const server = createServer((_, reply) => {
  requests += 1;
  behaviour(reply, requests);
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const quick = {
  ...policyFigures,
  callTimeoutMs: 100,
  totalMs: 1_000,
  backoffMs: 5,
  backoffMsMax: 20,
  openMs: 100,
};
let policy: ProviderPolicy;
let seen: ProviderCall[];
const fresh = (figures = quick) => {
  policy = providerPolicy(figures);
  seen = [];
  policy.onCall((call) => seen.push(call));
};
beforeEach(() => {
  behaviour = behaviours.answers;
  requests = 0;
  fresh();
});

/** Each about another order, unless one is named. */
let orders = 0;
const call = (about: Partial<CallAbout> = {}) => {
  orders += 1;
  return policy.run({ operation: 'create', orderId: `ord_${orders}`, ...about }, async (signal) => {
    const reply = await fetch(url, { signal });
    const text = await reply.text();
    if (reply.status >= 500 || reply.status === 429) throw new ProviderFault(`${reply.status}`);
    return text;
  });
};
const calls = (count: number, about?: Partial<CallAbout>) =>
  Promise.all(Array.from({ length: count }, () => call(about)));

describe('a call of a provider', () => {
  it('is tried again with pauses, and no more often than allowed', async () => {
    behaviour = behaviours.failsTwice;
    expect(await call()).toEqual({ kind: 'answer', value: 'fine' });
    expect(requests).toBe(3);
    behaviour = behaviours.fails;
    expect((await call()).kind).toBe('fault');
    expect(requests).toBe(6);
    expect(seen.map(({ outcome }) => outcome)).toEqual(['answered', 'failed']);
  });

  it.each(['fails', 'throttles', 'hangs', 'resets', 'stallsInTheBody'] as const)(
    'is a fault where the provider %s',
    async (name) => {
      behaviour = behaviours[name];
      expect((await call()).kind).toBe('fault');
      expect(requests).toBe(1 + quick.retriesMax);
    },
  );

  it('is an answer where the provider refuses, once', async () => {
    behaviour = behaviours.declines;
    expect(await call()).toEqual({ kind: 'answer', value: 'declined' });
    expect(requests).toBe(1);
  });

  it('ends within its time in all, whatever the retries', async () => {
    fresh({ ...quick, callTimeoutMs: 400, totalMs: 500 });
    behaviour = behaviours.hangs;
    const begunMs = performance.now();
    expect((await call()).kind).toBe('fault');
    expect(performance.now() - begunMs).toBeLessThan(800);
    expect(seen.map(({ outcome }) => outcome)).toEqual(['timed-out']);
  });
});

describe('a request with a deadline of its own', () => {
  it('ends with it, in the middle of a call, and nothing is tried after it', async () => {
    fresh({ ...quick, callTimeoutMs: 3_000, totalMs: 5_000 });
    behaviour = behaviours.hangs;
    const deadline = AbortSignal.timeout(100);
    const begunMs = performance.now();
    expect((await call({ deadline })).kind).toBe('fault');
    expect(performance.now() - begunMs).toBeLessThan(2_000);
    let isTried = false;
    const about = { operation: 'create', orderId: 'ord_late', deadline };
    const late = await policy.run(about, async () => {
      isTried = true;
    });
    expect([late.kind, isTried]).toEqual(['fault', false]);
  });

  it('is answered before the balancer gives up, all of its calls together', async () => {
    const conf = await readFile(
      new URL('../../../deploy/nginx/nginx.conf', import.meta.url),
      'utf8',
    );
    const seconds = Number(/proxy_read_timeout (\d+)s/.exec(conf)?.[1]);
    expect(limits.paymentRequestMsMax).toBeLessThanOrEqual((seconds - 2) * 1_000);
    const { paymentWithdrawMsMax: withdrawMs, paymentRequestMsMax: requestMs } = limits;
    expect(withdrawMs + policyFigures.totalMs).toBeLessThanOrEqual(requestMs);
  });
});

describe('the breaker', () => {
  it('opens, refuses at once, lets one call try, and closes when that went well', async () => {
    behaviour = behaviours.fails;
    for (let i = 0; i < quick.faultsMin; i += 1) await call();
    expect(policy.breaker()).toBe('open');
    const before = requests;
    expect(await call()).toEqual({ kind: 'fault', cause: 'the breaker is open' });
    expect(requests).toBe(before);
    expect(seen.at(-1)?.outcome).toBe('refused');
    behaviour = behaviours.answers;
    await eventually(async () => (await call()).kind === 'answer');
    expect(policy.breaker()).toBe('closed');
    expect((await calls(5)).every(({ kind }) => kind === 'answer')).toBe(true);
  });

  it('while one call tries, the others are refused at once and send nothing', async () => {
    behaviour = behaviours.fails;
    await calls(quick.faultsMin);
    behaviour = behaviours.hangs;
    requests = 0;
    await eventually(async () => {
      void call();
      return policy.breaker() === 'half-open';
    });
    expect((await calls(5)).every(({ kind }) => kind === 'fault')).toBe(true);
    expect(requests).toBeLessThanOrEqual(1);
    await eventually(async () => policy.breaker() === 'open');
  });

  it.each(['hangs', 'resets', 'throttles'] as const)('opens where it %s', async (name) => {
    behaviour = behaviours[name];
    await calls(quick.faultsMin);
    expect(policy.breaker()).toBe('open');
  });

  it('stays closed where cards are declined, however many', async () => {
    behaviour = behaviours.declines;
    await calls(8 * quick.faultsMin);
    expect(policy.breaker()).toBe('closed');
  });

  it('stays closed where few calls fail, those of one order alone, or most go well', async () => {
    behaviour = behaviours.fails;
    await calls(quick.faultsMin - 1);
    expect(policy.breaker()).toBe('closed');
    fresh();
    await calls(4 * quick.faultsMin, { orderId: 'ord_one' });
    expect(policy.breaker()).toBe('closed');
    fresh();
    behaviour = behaviours.answers;
    await calls(3 * quick.faultsMin);
    behaviour = behaviours.fails;
    await calls(2 * quick.faultsMin);
    expect(policy.breaker()).toBe('closed');
  });
});
