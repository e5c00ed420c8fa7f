import type {
  CreateReply,
  CreateRequest,
  LookReply,
  PaymentProvider,
  WebhookVerdict,
} from '../app/provider-ports.ts';
import type { PaymentNews, StoredPayment } from '../domain/payment-rules.ts';
import {
  anyEventSchema,
  eventSchema,
  eventTypes,
  paymentSchema,
  type SandboxPayment,
} from '../sandbox/api.ts';
import { signatureHeader, verifyWebhook } from '../sandbox/signature.ts';
import {
  type CallAbout,
  type PolicyFigures,
  ProviderFault,
  providerPolicy,
} from './provider-policy.ts';

export type SandboxClientOptions = {
  url: string;
  webhookSecret: string;
  toleranceSeconds: number;
  /** Shown with each call, where the sandbox wants one. */
  key?: string | undefined;
  figures?: PolicyFigures;
};

/** The sandbox provider over HTTP. */
export function sandboxClient(options: SandboxClientOptions): PaymentProvider {
  const policy = providerPolicy(options.figures);
  const url = options.url.replace(/\/$/, '');
  const call: Call = async (about, method, path, body) => {
    const answer = await policy.run(about, (signal) =>
      request(`${url}${path}`, { method, signal, key: options.key, body }),
    );
    return answer.kind === 'answer' ? answer.value : answer;
  };
  return {
    name: 'sandbox',
    create: async (payment, deadline) => await create(call, payment, deadline),
    look: async (payment) => await look(call, payment),
    async refund(payment) {
      if (payment.reference === null) return { kind: 'unavailable', cause: 'no reference yet' };
      const about = { operation: 'refund', orderId: payment.orderId };
      const reply = await call(about, 'POST', `/v1/payments/${payment.reference}/refunds`);
      if (reply.kind === 'reply' && reply.status === 200) return { kind: 'refunded' };
      if (reply.kind === 'fault') return { kind: 'unavailable', cause: reply.cause };
      return { kind: 'refused', cause: reply.status };
    },
    parseWebhook: (body, header, nowMs) => parseWebhook(options, body, header, nowMs),
    breaker: policy.breaker,
    onCall: policy.onCall,
  };
}

type Reply = { kind: 'reply'; status: number; body: unknown };
type Call = (
  about: CallAbout,
  method: string,
  path: string,
  body?: object,
) => Promise<Reply | { kind: 'fault'; cause: unknown }>;

/** 5xx and 429 are faults; every other answer is one. */
async function request(
  url: string,
  call: { method: string; signal: AbortSignal; key: string | undefined; body: object | undefined },
): Promise<Reply> {
  const { method, signal, key, body } = call;
  const reply = await fetch(url, {
    method,
    signal,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (reply.status >= 500 || reply.status === 429) {
    throw new ProviderFault(`the sandbox answered ${reply.status}`);
  }
  return { kind: 'reply', status: reply.status, body: JSON.parse(text) };
}

async function create(
  call: Call,
  request: CreateRequest,
  deadline: AbortSignal | undefined,
): Promise<CreateReply> {
  const { paymentId, orderId, amountMinor, currency, card } = request;
  const wrong = (message: string) => ({ kind: 'invalid', path: 'card', message }) as const;
  if (card === null) return wrong('a card number is needed');
  const body = { paymentId, amountMinor, currency, card };
  const about = { operation: 'create', orderId, deadline };
  const reply = await call(about, 'POST', '/v1/payments', body);
  if (reply.kind === 'fault') return { kind: 'unavailable', cause: reply.cause };
  if (reply.status === 400) return wrong('is not a sandbox card');
  const parsed = paymentSchema.safeParse(reply.body);
  if (!parsed.success) return { kind: 'unavailable', cause: parsed.error };
  return { kind: 'accepted', reference: parsed.data.reference };
}

async function look(call: Call, { id, orderId }: StoredPayment): Promise<LookReply> {
  const reply = await call({ operation: 'look', orderId }, 'GET', `/v1/payments/${id}`);
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
  const json = parsedJson(body);
  const { data: any } = anyEventSchema.safeParse(json);
  if (any && !eventTypes.some((type) => type === any.type)) return { kind: 'other' };
  const event = eventSchema.safeParse(json);
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
