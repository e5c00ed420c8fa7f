import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  type IPolicy,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { CreateReply, LookReply, PaymentProvider, WebhookVerdict } from '../app/ports.ts';
import type { PaymentNews } from '../domain/payment-rules.ts';
import { eventSchema, paymentSchema, type SandboxPayment } from '../sandbox/api.ts';
import { signatureHeader, verifyWebhook } from '../sandbox/signature.ts';

export type SandboxClientOptions = {
  url: string;
  webhookSecret: string;
  toleranceSeconds: number;
};

const callTimeoutMs = 2_000;
const attemptsMax = 2;
/**
 * The breaker opens where most calls (each of them retried) of the last 10 s failed, and there
 * were 50 of them. With fewer it has nothing to protect, and an order whose card makes the provider
 * fail, tried again and again, must not refuse everybody else's payments: one payment at a time,
 * with its retries, comes to less than that.
 */
const sampling = { threshold: 0.5, duration: 10_000, minimumRps: 5 };
const openMs = 3_000;

class ProviderFault extends Error {
  override readonly name = 'ProviderFault';
}

/** The sandbox provider over HTTP. Each call: breaker -> retries with backoff -> time-out. */
export function sandboxClient(options: SandboxClientOptions): PaymentProvider {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: openMs,
    breaker: new SamplingBreaker(sampling),
  });
  const policy = wrap(
    breaker,
    retry(handleAll, {
      maxAttempts: attemptsMax,
      backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 500 }),
    }),
    timeout(callTimeoutMs, TimeoutStrategy.Aggressive),
  );
  const call = (method: string, path: string, body?: object) =>
    request(policy, `${options.url.replace(/\/$/, '')}${path}`, method, body);
  return {
    name: 'sandbox',
    create: async (payment) => await create(call, payment),
    look: async (paymentId) => await look(call, paymentId),
    async refund(payment) {
      if (payment.reference === null) return { kind: 'unavailable', cause: 'no reference yet' };
      const reply = await call('POST', `/v1/payments/${payment.reference}/refunds`);
      if (reply.kind === 'reply' && reply.status === 200) return { kind: 'refunded' };
      return { kind: 'unavailable', cause: reply.kind === 'fault' ? reply.cause : reply.status };
    },
    parseWebhook: (body, header, nowMs) => parseWebhook(options, body, header, nowMs),
    breaker() {
      if (breaker.state === CircuitState.Closed) return 'closed';
      return breaker.state === CircuitState.HalfOpen ? 'half-open' : 'open';
    },
  };
}

type Reply = { kind: 'reply'; status: number; body: unknown } | { kind: 'fault'; cause: unknown };
type Call = (method: string, path: string, body?: object) => Promise<Reply>;

/** 5xx counts as a fault and is tried again; every other answer is one. */
async function request(
  policy: IPolicy,
  url: string,
  method: string,
  body?: object,
): Promise<Reply> {
  try {
    return await policy.execute(async ({ signal }): Promise<Reply> => {
      const reply = await fetch(url, {
        method,
        signal,
        ...(body && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      const text = await reply.text();
      if (reply.status >= 500) throw new ProviderFault(`the sandbox answered ${reply.status}`);
      return { kind: 'reply', status: reply.status, body: JSON.parse(text) };
    });
  } catch (cause) {
    const open = cause instanceof BrokenCircuitError;
    return { kind: 'fault', cause: open ? 'the breaker is open' : cause };
  }
}

async function create(
  call: Call,
  payment: { paymentId: string; amountMinor: number; currency: string; card: string | null },
): Promise<CreateReply> {
  if (payment.card === null) return { kind: 'invalid', message: 'a card number is needed' };
  const reply = await call('POST', '/v1/payments', payment);
  if (reply.kind === 'fault') return { kind: 'unavailable', cause: reply.cause };
  if (reply.status === 400) return { kind: 'invalid', message: 'is not a sandbox card' };
  const parsed = paymentSchema.safeParse(reply.body);
  if (!parsed.success) return { kind: 'unavailable', cause: parsed.error };
  return { kind: 'accepted', reference: parsed.data.reference };
}

async function look(call: Call, paymentId: string): Promise<LookReply> {
  const reply = await call('GET', `/v1/payments/${paymentId}`);
  if (reply.kind === 'fault') return { kind: 'unavailable', cause: reply.cause };
  if (reply.status === 404) return { kind: 'none' };
  const parsed = paymentSchema.safeParse(reply.body);
  if (!parsed.success) return { kind: 'unavailable', cause: parsed.error };
  const news = newsOf(parsed.data);
  return news ? { kind: 'news', news } : { kind: 'processing' };
}

function newsOf(payment: SandboxPayment): PaymentNews | null {
  const { reference, amountMinor, currency } = payment;
  switch (payment.state) {
    case 'processing':
      return null;
    case 'succeeded':
      return { kind: 'succeeded', reference, amountMinor, currency };
    case 'failed':
      return { kind: 'failed', reference, failure: payment.failure ?? 'failed' };
    case 'refunded':
      return { kind: 'refunded' };
  }
}

function parseWebhook(
  options: SandboxClientOptions,
  body: string,
  header: (name: string) => string | undefined,
  nowMs: number,
): WebhookVerdict {
  const { webhookSecret, toleranceSeconds } = options;
  const given = header(signatureHeader);
  const verdict = verifyWebhook(webhookSecret, body, given, nowMs, toleranceSeconds);
  if (verdict.kind === 'forged') return verdict;
  const event = eventSchema.safeParse(parsedJson(body));
  if (!event.success) return { kind: 'unreadable' };
  const { id: eventId, payment } = event.data;
  const news = newsOf(payment);
  return news ? { kind: 'event', eventId, paymentId: payment.paymentId, news } : { kind: 'other' };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
