import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, serveHttp } from '../adapters/http-server.ts';
import { eventually } from '../testing/checkout-rig.ts';
import { eventSchema, type SandboxEvent } from './api.ts';
import { type Books, fileBooks } from './books.ts';
import { makeControls } from './controls.ts';
import { makeDeliveries } from './deliveries.ts';
import { makeProvider } from './provider.ts';
import { sandboxApp } from './server.ts';
import { verifyWebhook } from './signature.ts';

const secret = 'the-webhook-secret-of-these-tests-0123456789';
const quiet = { info() {}, warn() {}, error() {} };
const place = { host: '127.0.0.1', port: 0 };

/** What the shop's side hears. */
let receiver: HttpServer;
let heard: SandboxEvent[] = [];
let takes = true;
beforeAll(async () => {
  const fetch = async (request: Request) => {
    const body = await request.text();
    const header = request.headers.get('fairgate-signature') ?? undefined;
    const verdict = verifyWebhook(secret, body, header, Date.now(), 300);
    if (verdict.kind !== 'fits') return new Response('', { status: 401 });
    if (!takes) return new Response('', { status: 503 });
    heard.push(eventSchema.parse(JSON.parse(body)));
    return new Response();
  };
  receiver = await serveHttp({ fetch }, place);
});
afterAll(() => receiver.stop(100));
beforeEach(() => {
  heard = [];
  takes = true;
});
const hooks = () => `http://127.0.0.1:${receiver.port}/webhooks/sandbox`;
const newFile = () => join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'books.ndjson');

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

type Sandbox = { url: string; stop(): Promise<void> };
const open: Sandbox[] = [];
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.stop();
});

async function start(options: { books?: Books; key?: string } = {}): Promise<Sandbox> {
  const controls = makeControls();
  const deliveries = makeDeliveries([hooks()], secret, quiet, controls);
  const provider = makeProvider(deliveries, options.books, controls);
  const server = await serveHttp(
    sandboxApp(provider, () => {}, { controls, key: options.key }),
    place,
  );
  const stop = async () => {
    provider.stop();
    deliveries.stop();
    await server.stop(20);
  };
  const sandbox = { url: `http://127.0.0.1:${server.port}`, stop };
  open.push(sandbox);
  return sandbox;
}

async function call(url: string, method: string, path: string, json?: object, key?: string) {
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(key ? { authorization: `Bearer ${key}` } : {}),
    },
    ...(json ? { body: JSON.stringify(json) } : {}),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}
const pay = (url: string, paymentId: string, card = '4242424242424242', key?: string) => {
  const json = { paymentId, amountMinor: 100, currency: 'EUR', card };
  return call(url, 'POST', '/v1/payments', json, key);
};
const find = (url: string, id: string) => call(url, 'GET', `/v1/payments/${id}`);
const control = (url: string, json: object) => call(url, 'PUT', '/v1/controls', json);
const hears = (count: number) => eventually(async () => heard.length >= count);

describe('the controls of the sandbox', () => {
  it('are off at first, are shown, and refuse what they do not know', async () => {
    const { url } = await start();
    expect((await call(url, 'GET', '/v1/controls')).body).toEqual(makeControls().now);
    expect((await control(url, { failureRate: 2 })).status).toBe(400);
    expect((await control(url, { faliureRate: 1 })).status).toBe(400);
    expect((await control(url, { failureRate: 1 })).body.failureRate).toBe(1);
    expect((await control(url, {})).body).toEqual(makeControls().now);
  });

  it('failures are 503 and do nothing; a share of them is a share', async () => {
    const { url } = await start();
    await control(url, { failureRate: 1 });
    expect((await pay(url, 'pay_1')).status).toBe(503);
    await control(url, { failureRate: 0.5 });
    const states = await Promise.all(Array.from({ length: 60 }, (_, i) => pay(url, `pay_s${i}`)));
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set([202, 503]));
    await control(url, {});
    expect((await find(url, 'pay_1')).status).toBe(404);
  });

  it('hanging gives no answer and does nothing', async () => {
    const { url } = await start();
    await control(url, { hang: true });
    const signal = AbortSignal.timeout(150);
    await expect(fetch(`${url}/v1/payments/x`, { signal })).rejects.toThrow();
    await control(url, {});
    expect((await find(url, 'x')).status).toBe(404);
  });

  it('a lost answer is done all the same', async () => {
    const { url } = await start();
    await control(url, { lostAnswers: 1 });
    await expect(pay(url, 'pay_lost')).rejects.toThrow();
    await control(url, {});
    expect((await find(url, 'pay_lost')).status).toBe(200);
    await hears(1);
  });

  it('answers wait between the two delays', async () => {
    const { url } = await start();
    await control(url, { delayMsMin: 60, delayMsMax: 120 });
    const begunMs = performance.now();
    await pay(url, 'pay_slow');
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(58);
  });
});

describe('the webhooks of the sandbox', () => {
  it('may be dropped, and may be delivered more often', async () => {
    const { url } = await start();
    await control(url, { webhooks: { drop: 1 } });
    await pay(url, 'pay_dropped');
    await eventually(async () => (await find(url, 'pay_dropped')).body.state === 'succeeded');
    await control(url, { webhooks: { copies: 3 } });
    await pay(url, 'pay_thrice');
    await hears(3);
    expect(new Set(heard.map(({ payment }) => payment.paymentId))).toEqual(new Set(['pay_thrice']));
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
  });

  it('may come before the answer of the call itself', async () => {
    const { url } = await start();
    await control(url, { webhooks: { beforeAnswer: true } });
    const answer = await pay(url, 'pay_early');
    expect(heard.map(({ type }) => type)).toEqual(['payment.succeeded']);
    expect(answer.body.state).toBe('processing');
  });

  it('may overtake each other', async () => {
    const { url } = await start();
    await control(url, { webhooks: { reorder: true } });
    const { body } = await pay(url, 'pay_turned');
    await eventually(async () => (await find(url, 'pay_turned')).body.state === 'succeeded');
    await call(url, 'POST', `/v1/payments/${body.reference}/refunds`);
    await hears(2);
    expect(heard.map(({ type }) => type)).toEqual(['payment.refunded', 'payment.succeeded']);
  });
});

describe('the key of the sandbox', () => {
  it('is asked for on everything but health, where one is set', async () => {
    const key = 'the-key-of-the-sandbox-0123456789-0123456789';
    const { url } = await start({ key });
    expect((await pay(url, 'pay_1')).status).toBe(401);
    expect((await pay(url, 'pay_1', undefined, `${key}x`)).status).toBe(401);
    expect((await control(url, {})).status).toBe(401);
    expect((await call(url, 'GET', '/healthz')).status).toBe(200);
    expect((await pay(url, 'pay_1', undefined, key)).status).toBe(202);
  });
});

describe('the books of the sandbox', () => {
  it('outlive it, a line that was torn included', async () => {
    const file = newFile();
    const first = await start({ books: fileBooks(file) });
    const { body } = await pay(first.url, 'pay_kept');
    await hears(1);
    await eventually(async () => readFileSync(file, 'utf8').includes('"delivered"'));
    await first.stop();
    appendFileSync(file, '{"kind":"payment","paym');
    const second = await start({ books: fileBooks(file) });
    expect((await find(second.url, 'pay_kept')).body).toMatchObject({ state: 'succeeded' });
    expect((await pay(second.url, 'pay_kept')).body.reference).toBe(body.reference);
    await pay(second.url, 'pay_next');
    await hears(2);
    expect(heard.map(({ payment }) => payment.paymentId)).toEqual(['pay_kept', 'pay_next']);
    expect(fileBooks(file).before.length).toBeGreaterThan(4);
  });

  it('killed between answer and webhook, it goes on where it was', async () => {
    const file = newFile();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    takes = false;
    const first = await startProcess(port, file);
    expect((await pay(url, 'pay_told')).status).toBe(202);
    await eventually(async () => (await find(url, 'pay_told')).body.state === 'succeeded');
    expect((await pay(url, 'pay_due', '4000000000000259')).status).toBe(202);
    await kill(first);
    takes = true;
    const second = await startProcess(port, file);
    await hears(2);
    expect(heard.map(({ payment }) => payment.paymentId).sort()).toEqual(['pay_due', 'pay_told']);
    await kill(second);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startProcess(port: number, file: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      FAIRGATE_PORT: String(port),
      FAIRGATE_SANDBOX_WEBHOOK_URLS: hooks(),
      FAIRGATE_SANDBOX_WEBHOOK_SECRET: secret,
      FAIRGATE_SANDBOX_FILE: file,
    },
  });
  children.push(child);
  await eventually(async () => {
    const up = fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => ok);
    return await up.catch(() => false);
  }, 30);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
