import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeProvider } from '../sandbox/provider.ts';
import { sandboxApp } from '../sandbox/server.ts';
import { eventually } from '../testing/checkout-rig.ts';
import { type HttpServer, serveHttp } from './http-server.ts';
import { policyFigures } from './provider-policy.ts';
import { sandboxClient } from './sandbox-client.ts';

let server: HttpServer;
let isDown = false;
let requests = 0;
let client: ReturnType<typeof sandboxClient>;
beforeAll(async () => {
  const sandbox = sandboxApp(makeProvider({ async send() {}, stop() {} }), () => {});
  const fetch = async (request: Request) => {
    requests += 1;
    return isDown ? new Response('', { status: 503 }) : await sandbox.fetch(request);
  };
  server = await serveHttp({ fetch }, { host: '127.0.0.1', port: 0 });
});
afterAll(() => server.stop(100));
beforeEach(() => {
  isDown = false;
  const url = `http://127.0.0.1:${server.port}`;
  client = sandboxClient({ url, webhookSecret: 'x'.repeat(40), toleranceSeconds: 300 });
});

let payments = 0;
async function pay(card = '4242424242424242', orderId?: string): Promise<string> {
  payments += 1;
  const order = { orderId: orderId ?? `ord_${payments}`, saleId: 'sale_1' };
  const ids = { paymentId: `pay_${payments}`, ...order };
  const payment = { ...ids, amountMinor: 100, currency: 'EUR', card };
  return (await client.create(payment)).kind;
}
const failing = '4000000000000119';
const many = (count: number, card?: string, orderId?: string) =>
  Promise.all(Array.from({ length: count }, () => pay(card, orderId)));

describe('the breaker', () => {
  it('stays closed where one shopper’s card makes the provider fail, however often', async () => {
    expect(new Set(await many(20, failing, 'ord_one'))).toEqual(new Set(['unavailable']));
    expect(client.breaker()).toBe('closed');
    expect(await pay()).toBe('accepted');
  });

  it('stays closed while most payments go well', async () => {
    await Promise.all([many(40), many(20, failing)]);
    expect(client.breaker()).toBe('closed');
    expect(await pay()).toBe('accepted');
  });

  it('opens in an outage, though few pay, answers at once, and closes when it is over', async () => {
    isDown = true;
    await many(5);
    expect(client.breaker()).toBe('open');
    const before = requests;
    const begunMs = performance.now();
    expect(await pay()).toBe('unavailable');
    expect(performance.now() - begunMs).toBeLessThan(policyFigures.callTimeoutMs);
    expect(requests).toBe(before);
    isDown = false;
    await eventually(async () => (await pay()) === 'accepted');
    expect(client.breaker()).toBe('closed');
  });
});
