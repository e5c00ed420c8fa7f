import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { type HttpServer, serveHttp } from './adapters/http-server.ts';
import { stripeClient } from './adapters/stripe-client.ts';
import { signatureHeader, signWebhook } from './sandbox/signature.ts';
import { makeRig, type Rig } from './testing/checkout-rig.ts';
import { makeSandbox, type SandboxRig, webhookSecret } from './testing/sandbox-rig.ts';
import {
  makeStripe,
  type StripeStandIn,
  stripeKey,
  stripeWebhookSecret,
} from './testing/stripe-server.ts';

let rig: Rig;
let sandbox: SandboxRig;
let stripe: StripeStandIn;
let server: HttpServer;
beforeAll(async () => {
  stripe = await makeStripe();
  // The sandbox's own webhooks are lost, so that only those of the tests come.
  sandbox = await makeSandbox(async () => new Response());
  const toleranceSeconds = 300;
  const secrets = { secretKey: stripeKey, webhookSecret: stripeWebhookSecret };
  const providers = [
    sandbox.provider,
    stripeClient({ ...secrets, toleranceSeconds, apiUrl: stripe.url }),
  ];
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, units: [50], providers });
  const service = rig.services[0] as Rig['services'][0];
  server = await serveHttp(service, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.stop(100);
  await rig.close();
  await Promise.all([sandbox.close(), stripe.close()]);
});

type Headers = Record<string, string>;
type Kind = {
  payment: { provider: string; card?: string };
  sign(body: string, secret?: string, agoSeconds?: number): Headers;
  /** What the provider says when the payment succeeded. */
  event(id: string, paymentId: string, type?: string): string;
  unhandled: string;
};
const kinds: Record<'sandbox' | 'stripe', Kind> = {
  sandbox: {
    payment: { provider: 'sandbox', card: '4000000000000259' },
    sign: (body, secret = webhookSecret, ago = 0) => ({
      [signatureHeader]: signWebhook(secret, body, Date.now() - ago * 1_000),
    }),
    event(id, paymentId, type = 'payment.succeeded') {
      const sum = { amountMinor: 1_000, currency: 'EUR' };
      const payment = { paymentId, reference: `sbx_${paymentId}`, state: 'succeeded', ...sum };
      return JSON.stringify({ id, type, createdAt: new Date().toISOString(), payment });
    },
    unhandled: 'payment.disputed',
  },
  stripe: {
    payment: { provider: 'stripe' },
    sign(payload, secret = stripeWebhookSecret, ago = 0) {
      const timestamp = Math.floor(Date.now() / 1_000) - ago;
      const options = { payload, secret, timestamp };
      return { 'stripe-signature': Stripe.webhooks.generateTestHeaderString(options) };
    },
    event(id, paymentId, type = 'payment_intent.succeeded') {
      const sum = { amount: 1_000, amount_received: 1_000, currency: 'eur' };
      const metadata = { paymentId };
      const object = { id: `pi_${paymentId}`, status: 'succeeded', ...sum, metadata };
      return JSON.stringify({ id, object: 'event', type, data: { object } });
    },
    unhandled: 'payment_intent.processing',
  },
};
const names = ['sandbox', 'stripe'] as const;
const otherOf = { sandbox: 'stripe', stripe: 'sandbox' } as const;

async function payBy(name: keyof typeof kinds): Promise<{ paymentId: string; orderId: string }> {
  const { body } = await rig.redeem(await rig.token());
  const { order, orderKey: key } = body;
  const json = kinds[name].payment;
  const answer = await rig.call('POST', `/v1/orders/${order.id}/payments`, { key, json });
  expect(answer.status).toBe(202);
  return { paymentId: answer.body.payment.id, orderId: order.id };
}

async function post(provider: string, body: string | ReadableStream, headers: Headers = {}) {
  const reply = await fetch(`http://127.0.0.1:${server.port}/webhooks/${provider}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    ...(typeof body === 'string' ? {} : { duplex: 'half' }),
  } as RequestInit);
  const text = await reply.text();
  return { status: reply.status, type: reply.headers.get('content-type'), text };
}

/** Everything that an event could change. */
async function everything() {
  const tables = ['orders', 'payments', 'ledger', 'provider_events', 'outbox', 'units'];
  const rows = tables.map((table) => rig.sql`select * from ${rig.sql(table)} order by 1, 2`);
  return JSON.stringify(await Promise.all(rows));
}
async function changesNothing(attack: () => Promise<{ status: number }>): Promise<number> {
  const before = await everything();
  const { status } = await attack();
  expect(await everything()).toBe(before);
  return status;
}
let events = 0;
const nextId = () => {
  events += 1;
  return `evt_attack_${events}`;
};

describe.each(names)('a webhook of %s that is not genuine changes nothing', (name) => {
  const kind = kinds[name];
  let body: string;
  beforeAll(async () => {
    body = kind.event(nextId(), (await payBy(name)).paymentId);
  });
  const attack = (headers: () => Headers, given = () => body) =>
    changesNothing(() => post(name, given(), headers()));

  it('unsigned, or with a signature that is none: 401', async () => {
    expect(await attack(() => ({}))).toBe(401);
    const [header = ''] = Object.keys(kind.sign(body));
    for (const value of ['', 'x', 't=1,v1=00', `t=${'9'.repeat(20)},v1=${'0'.repeat(64)}`]) {
      expect(await attack(() => ({ [header]: value }))).toBe(401);
    }
  });

  it('signed with another secret: 401', async () => {
    expect(await attack(() => kind.sign(body, 'whsec_another_secret_0123456789012345'))).toBe(401);
  });

  it('signed too long ago: 401', async () => {
    expect(await attack(() => kind.sign(body, undefined, 301))).toBe(401);
  });

  it('with a new time on an old signature: 401', async () => {
    const [[header = '', value = ''] = []] = Object.entries(kind.sign(body, undefined, 301));
    const now = `t=${Math.floor(Date.now() / 1_000)}`;
    expect(await attack(() => ({ [header]: value.replace(/t=\d+/, now) }))).toBe(401);
  });

  it('changed after signing, by one character: 401', async () => {
    const changed = body.replace('1000', '1001');
    expect(changed).not.toBe(body);
    expect(
      await attack(
        () => kind.sign(body),
        () => changed,
      ),
    ).toBe(401);
    expect(
      await attack(
        () => kind.sign(body),
        () => `${body} `,
      ),
    ).toBe(401);
  });

  it('signed by the other provider, in its own header or in this one: 401', async () => {
    const theirs = kinds[otherOf[name]].sign(body);
    expect(await attack(() => theirs)).toBe(401);
    const [header = ''] = Object.keys(kind.sign(body));
    expect(await attack(() => ({ [header]: Object.values(theirs)[0] ?? '' }))).toBe(401);
  });

  it('genuine, but sent to the other provider’s address, or to nobody’s: 401, 404', async () => {
    const signed = kind.sign(body);
    expect(await changesNothing(() => post(otherOf[name], body, signed))).toBe(401);
    expect(await changesNothing(() => post('acme', body, signed))).toBe(404);
  });

  it('no secret, signature or body is in the answer', async () => {
    const signed = kind.sign(body, 'whsec_another_secret_0123456789012345');
    const { text, type } = await post(name, body, signed);
    expect(type).toContain('application/problem+json');
    expect(text).not.toMatch(/whsec|secret|evt_|pay_|v1=/);
  });
});

describe.each(names)('a genuine webhook of %s', (name) => {
  const kind = kinds[name];
  const signed = (body: string) => changesNothing(() => post(name, body, kind.sign(body)));

  it('about a payment of nobody, or of the other provider, changes nothing: 200', async () => {
    expect(await signed(kind.event(nextId(), 'pay_of_nobody'))).toBe(200);
    const { paymentId } = await payBy(otherOf[name]);
    expect(await signed(kind.event(nextId(), paymentId))).toBe(200);
  });

  it('of a kind that we do not act on changes nothing: 200', async () => {
    const { paymentId } = await payBy(name);
    expect(await signed(kind.event(nextId(), paymentId, kind.unhandled))).toBe(200);
  });

  it('that cannot be read changes nothing: 400', async () => {
    for (const body of ['{', '[]', '{}', 'null', '"x"']) expect(await signed(body)).toBe(400);
  });

  it('over 64 KiB changes nothing, announced or not: 413', async () => {
    const { paymentId } = await payBy(name);
    const body = kind.event(nextId(), paymentId).replace(/\}$/, `,"x":"${'x'.repeat(65_536)}"}`);
    expect(await signed(body)).toBe(413);
    const stream = () => new Blob([body]).stream();
    expect(await changesNothing(() => post(name, stream(), kind.sign(body)))).toBe(413);
  });

  it('that is not sent as JSON changes nothing: 415', async () => {
    const body = kind.event(nextId(), (await payBy(name)).paymentId);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const headers = { ...kind.sign(body), 'content-type': type };
      expect(await changesNothing(() => post(name, body, headers))).toBe(415);
    }
  });

  it('is taken once: replayed, also under a new signature, it changes nothing', async () => {
    const { paymentId, orderId } = await payBy(name);
    const body = kind.event(nextId(), paymentId);
    const headers = kind.sign(body);
    expect((await post(name, body, headers)).status).toBe(200);
    const [order] = await rig.sql`select state from orders where id = ${orderId}`;
    expect(order?.state).toBe('paid');
    expect(await changesNothing(() => post(name, body, headers))).toBe(200);
    expect(await signed(body)).toBe(200);
    const sameId = JSON.parse(body);
    const other = kind.event(sameId.id, (await payBy(name)).paymentId);
    expect(await signed(other)).toBe(200);
  });
});
