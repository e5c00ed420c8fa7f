import { randomBytes } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { type HttpServer, serveHttp } from '../adapters/http-server.ts';

export const stripeKey = 'sk_test_of_the_tests_0123456789';
export const stripeWebhookSecret = 'whsec_of_the_tests_0123456789';

export type StandInIntent = {
  id: string;
  object: 'payment_intent';
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  client_secret: string;
  metadata: Record<string, string>;
  last_payment_error: { code: string; decline_code?: string } | null;
};

/** `loses the answer`: does it, and drops the connection instead of telling. */
export type StripeFault =
  | 'fails'
  | 'throttles'
  | 'hangs'
  | 'resets'
  | 'loses the answer'
  | 'declines'
  | 'refuses';

export type SeenRequest = { method: string; path: string; key: string | null; body: string };

/** For tests: what the Stripe adapter needs of Stripe, with Stripe's checks, kept in memory. */
export type StripeStandIn = {
  url: string;
  intents: Map<string, StandInIntent>;
  refunds: { id: string; payment_intent: string; status: string }[];
  /** What comes of a refund: its status, or that it is refused, or breaks Stripe, for that key. */
  refundsAre: 'succeeded' | 'pending' | 'failed' | 'refused' | 'broken';
  requests: SeenRequest[];
  /** What it does wrong with every request, until it is null again. */
  fault: StripeFault | null;
  close(): Promise<void>;
};

type Env = { Bindings: HttpBindings };

export async function makeStripe(): Promise<StripeStandIn> {
  const standIn: StripeStandIn = {
    url: '',
    intents: new Map(),
    refunds: [],
    refundsAre: 'succeeded',
    requests: [],
    fault: null,
    close: async () => await server.stop(50),
  };
  const app = new Hono<Env>();
  app.use(misbehaves(standIn), authenticated(), idempotent(standIn));
  app.post('/v1/payment_intents', (c) => createIntent(c, standIn));
  app.get('/v1/payment_intents/:id', (c) => {
    const intent = standIn.intents.get(c.req.param('id'));
    if (!intent) return refused(c, 404, 'resource_missing');
    const isWhole = new URL(c.req.url).searchParams.get('expand[0]') === 'latest_charge';
    return c.json(isWhole ? { ...intent, latest_charge: chargeOf(standIn, intent) } : intent);
  });
  app.post('/v1/payment_intents/:id/cancel', (c) => {
    const intent = standIn.intents.get(c.req.param('id'));
    if (!intent) return refused(c, 404, 'resource_missing');
    if (['succeeded', 'canceled'].includes(intent.status)) {
      return refused(c, 400, 'payment_intent_unexpected_state');
    }
    intent.status = 'canceled';
    return c.json(intent);
  });
  app.post('/v1/refunds', (c) => createRefund(c, standIn));
  const server: HttpServer = await serveHttp(app, { host: '127.0.0.1', port: 0 });
  standIn.url = `http://127.0.0.1:${server.port}`;
  return standIn;
}

const bodies = new WeakMap<Request, string>();
const bodyOf = (c: Context) => new URLSearchParams(bodies.get(c.req.raw) ?? '');

function misbehaves(standIn: StripeStandIn): MiddlewareHandler<Env> {
  return async (c, next) => {
    const body = await c.req.text();
    bodies.set(c.req.raw, body);
    const key = c.req.header('idempotency-key') ?? null;
    standIn.requests.push({ method: c.req.method, path: c.req.path, key, body });
    switch (standIn.fault) {
      case 'fails':
        return refused(c, 500, 'api_error');
      case 'throttles':
        return refused(c, 429, 'rate_limit');
      case 'declines': {
        const error = { type: 'card_error', code: 'card_declined', decline_code: 'stolen_card' };
        return c.json({ error: { ...error, message: 'declined' } }, 402);
      }
      case 'refuses':
        return refused(c, 400, 'amount_too_small');
      case 'hangs':
        return await new Promise<never>(() => {});
      case 'resets':
        c.env.incoming.socket.resetAndDestroy();
        return c.body(null);
      case 'loses the answer':
        await next();
        c.env.incoming.socket.resetAndDestroy();
        return;
      case null:
        return await next();
    }
  };
}

function authenticated(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const fits = c.req.header('authorization') === `Bearer ${stripeKey}`;
    if (!fits) return refused(c, 401, 'invalid_api_key');
    const type = c.req.header('content-type');
    if (c.req.method === 'POST' && type !== 'application/x-www-form-urlencoded') {
      return refused(c, 400, 'content_type');
    }
    return await next();
  };
}

/** The same key and parameters give the first answer again; other parameters are refused. */
function idempotent(standIn: StripeStandIn): MiddlewareHandler<Env> {
  const answers = new Map<string, { request: string; status: number; text: string }>();
  return async (c, next) => {
    const seen = standIn.requests.at(-1);
    if (c.req.method !== 'POST' || !seen?.key) return await next();
    const request = `${seen.path} ${seen.body}`;
    const stored = answers.get(seen.key);
    if (stored && stored.request !== request) {
      return refused(c, 400, 'idempotency_key_reused', 'idempotency_error');
    }
    if (stored) {
      const headers = { 'content-type': 'application/json', 'idempotent-replayed': 'true' };
      return new Response(stored.text, { status: stored.status, headers });
    }
    await next();
    answers.set(seen.key, { request, status: c.res.status, text: await c.res.clone().text() });
  };
}

const intentParams =
  /^(amount|currency|automatic_payment_methods\[enabled\]|metadata\[(paymentId|orderId|saleId)\])$/;

function createIntent(c: Context<Env>, standIn: StripeStandIn): Response {
  const body = bodyOf(c);
  const unknown = [...body.keys()].find((name) => !intentParams.test(name));
  if (unknown) return refused(c, 400, 'parameter_unknown');
  const amount = Number(body.get('amount'));
  const currency = body.get('currency') ?? '';
  if (!Number.isInteger(amount) || amount < 50) return refused(c, 400, 'amount_too_small');
  if (!/^[a-z]{3}$/.test(currency)) return refused(c, 400, 'parameter_invalid');
  const id = `pi_${randomBytes(12).toString('hex')}`;
  const metadata = Object.fromEntries(
    [...body].flatMap(([name, value]) => {
      const key = /^metadata\[(\w+)\]$/.exec(name)?.[1];
      return key ? [[key, value]] : [];
    }),
  );
  const intent: StandInIntent = {
    id,
    object: 'payment_intent',
    status: 'requires_payment_method',
    amount,
    amount_received: 0,
    currency,
    client_secret: `${id}_secret_${randomBytes(12).toString('hex')}`,
    metadata,
    last_payment_error: null,
  };
  standIn.intents.set(id, intent);
  return c.json(intent);
}

function createRefund(c: Context<Env>, standIn: StripeStandIn): Response {
  const reference = bodyOf(c).get('payment_intent') ?? '';
  const intent = standIn.intents.get(reference);
  if (!intent) return refused(c, 404, 'resource_missing');
  if (intent.status !== 'succeeded') return refused(c, 400, 'payment_intent_unexpected_state');
  if (chargeOf(standIn, intent)?.refunded) return refused(c, 400, 'charge_already_refunded');
  const status = standIn.refundsAre;
  if (status === 'refused') return refused(c, 400, 'insufficient_funds');
  if (status === 'broken') return refused(c, 500, 'api_error');
  const id = `re_${randomBytes(12).toString('hex')}`;
  const refund = { id, payment_intent: reference, status };
  standIn.refunds.push(refund);
  return c.json({ ...refund, object: 'refund', amount: intent.amount });
}

/** Of an intent that was paid; its money may be on the way back, or there. */
function chargeOf({ refunds }: StripeStandIn, { id, status }: StandInIntent) {
  if (status !== 'succeeded') return null;
  const isBack = refunds.some((it) => it.payment_intent === id && it.status !== 'failed');
  return { id: `ch_${id}`, object: 'charge', refunded: isBack };
}

type Status = 400 | 401 | 404 | 429 | 500;

function refused(c: Context, status: Status, code: string, type = 'invalid_request_error') {
  // As Stripe does for a wrong key, the text repeats what came: it must not get into our logs.
  const message = `refused, given ${c.req.header('authorization')}`;
  return c.json({ error: { type: status === 500 ? 'api_error' : type, code, message } }, status, {
    'request-id': 'req_1',
  });
}

/** What the shopper's browser and the bank do: the intent is paid. */
export function payIntent(intent: StandInIntent): StandInIntent {
  return Object.assign(intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    last_payment_error: null,
  });
}

/** The card was declined; the intent stays payable. */
export function declineIntent(intent: StandInIntent, declineCode: string): StandInIntent {
  const error = { code: 'card_declined', decline_code: declineCode };
  return Object.assign(intent, { status: 'requires_payment_method', last_payment_error: error });
}

/** An event as Stripe sends it, to be signed by the SDK. */
export function stripeEvent(type: string, object: object): string {
  const id = `evt_${randomBytes(12).toString('hex')}`;
  return JSON.stringify({ id, object: 'event', type, data: { object } });
}
