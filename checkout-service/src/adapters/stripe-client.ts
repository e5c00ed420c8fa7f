import type Stripe from 'stripe';
import type {
  CreateReply,
  CreateRequest,
  LookReply,
  PaymentProvider,
  RefundReply,
} from '../app/ports.ts';
import type { StoredPayment } from '../domain/payment-rules.ts';
import { type PolicyFigures, type ProviderPolicy, providerPolicy } from './provider-policy.ts';
import { callStripe, type StripeAnswer, StripeRefusal, stripeSdk } from './stripe-calls.ts';
import { type Intent, intentSchema, isOpen, newsOf, stripeAmount } from './stripe-intents.ts';
import { parseStripeWebhook } from './stripe-webhooks.ts';

export type StripeClientOptions = {
  secretKey: string;
  webhookSecret: string;
  toleranceSeconds: number;
  /** Where a stand-in answers; Stripe itself where none is given. */
  apiUrl?: string | undefined;
  figures?: PolicyFigures;
};

/**
 * Stripe by PaymentIntents. No card passes us: the shop's own front end confirms the intent with
 * its client secret, and Stripe's event tells how it went.
 */
export function stripeClient(options: StripeClientOptions): PaymentProvider {
  const { secretKey, apiUrl, figures } = options;
  const sdk = stripeSdk(secretKey, apiUrl, figures);
  const policy = providerPolicy(figures);
  const intents = intentCalls(sdk, policy);
  const webhooks = { ...options, sdk };
  return {
    name: 'stripe',
    create: async (request) => acceptedOf(await intents.create(request)),
    resume: async (payment) => acceptedOf(await intents.find(payment)),
    look: async (payment) => await look(intents, payment),
    withdraw: async (payment) => await withdraw(intents, payment),
    refund: async (payment) => await refund(sdk, policy, payment),
    parseWebhook: (body, header, nowMs) =>
      parseStripeWebhook(webhooks, body, header('stripe-signature'), nowMs),
    breaker: policy.breaker,
    onCall: policy.onCall,
  };
}

type IntentReply =
  | { kind: 'intent'; intent: Intent }
  | { kind: 'invalid'; message: string }
  | { kind: 'unavailable'; cause: unknown };

type IntentCalls = {
  create(request: Omit<CreateRequest, 'card'>): Promise<IntentReply>;
  /** By its reference; by creating it again where that is unknown, see ADR 0010. */
  find(payment: StoredPayment): Promise<IntentReply>;
  cancel(reference: string): Promise<IntentReply>;
};

function intentCalls(sdk: Stripe, policy: ProviderPolicy): IntentCalls {
  const run = async (operation: string, call: () => Promise<unknown>): Promise<IntentReply> => {
    const answer = await policy.run(operation, () =>
      callStripe(async () => intentSchema.parse(await call())),
    );
    return replyOf(answer, (intent) => ({ kind: 'intent', intent }));
  };
  const retrieve = (reference: string) =>
    run('look', () => sdk.paymentIntents.retrieve(reference, { expand: ['latest_charge'] }));

  async function create(request: Omit<CreateRequest, 'card'>): Promise<IntentReply> {
    const { paymentId, orderId, saleId, amountMinor, currency } = request;
    const amount = stripeAmount(amountMinor, currency);
    if (amount === null) return { kind: 'invalid', message: `Stripe takes no ${currency} here` };
    const params = {
      amount,
      currency: currency.toLowerCase(),
      automatic_payment_methods: { enabled: true },
      metadata: { paymentId, orderId, saleId },
    };
    const reply = await run('create', () =>
      sdk.paymentIntents.create(params, { idempotencyKey: paymentId }),
    );
    // Such a payment is not made later either: no outage, and nothing to ask about again.
    const refusal = reply.kind === 'unavailable' ? reply.cause : null;
    const isFinal = refusal instanceof StripeRefusal && [400, 402].includes(refusal.status);
    return isFinal ? { kind: 'invalid', message: `Stripe refuses it: ${refusal.code}` } : reply;
  }

  return {
    create,
    async find(payment) {
      if (payment.reference !== null) return await retrieve(payment.reference);
      const made = await create({ ...payment, paymentId: payment.id });
      // The same key gives the answer of then; only a second look tells the state of now.
      return made.kind === 'intent' ? await retrieve(made.intent.id) : made;
    },
    cancel: (reference) => run('withdraw', () => sdk.paymentIntents.cancel(reference)),
  };
}

function replyOf<T, R>(
  answer: { kind: 'answer'; value: StripeAnswer<T> } | { kind: 'fault'; cause: unknown },
  done: (value: T) => R,
): R | { kind: 'unavailable'; cause: unknown } {
  if (answer.kind === 'fault') return { kind: 'unavailable', cause: answer.cause };
  const { value } = answer;
  return value.kind === 'done' ? done(value.value) : { kind: 'unavailable', cause: value.why };
}

function acceptedOf(reply: IntentReply): CreateReply {
  if (reply.kind !== 'intent') return reply;
  const { id: reference, client_secret: clientSecret } = reply.intent;
  return { kind: 'accepted', reference, ...(clientSecret ? { clientSecret } : {}) };
}

async function look(intents: IntentCalls, payment: StoredPayment): Promise<LookReply> {
  const found = await intents.find(payment);
  // Without a reference of ours nobody was ever given its secret: it will not be paid.
  const isOrphan = payment.reference === null && found.kind === 'intent' && isOpen(found.intent);
  return lookOf(isOrphan ? await intents.cancel(found.intent.id) : found);
}

/** Cancels the intent; one that was paid meanwhile cannot be, and says so. */
async function withdraw(intents: IntentCalls, payment: StoredPayment): Promise<LookReply> {
  const found = await intents.find(payment);
  if (found.kind !== 'intent' || !isOpen(found.intent)) return lookOf(found);
  const cancelled = await intents.cancel(found.intent.id);
  return lookOf(cancelled.kind === 'intent' ? cancelled : await intents.find(payment));
}

function lookOf(reply: IntentReply): LookReply {
  switch (reply.kind) {
    case 'intent': {
      const news = newsOf(reply.intent);
      return news ? { kind: 'news', news } : { kind: 'processing' };
    }
    case 'invalid':
      return { kind: 'none' };
    case 'unavailable':
      return reply;
  }
}

/** `pending` counts: Stripe has taken it on; should it fail, an event says so (stripe-webhooks.ts). */
const refundStates = ['succeeded', 'pending'];

/**
 * Stripe gives the first answer to a key again for a day, refusals too: so what failed for good is
 * asked for under another key. A charge is never paid back twice: that is Stripe's own limit.
 */
async function refund(
  sdk: Stripe,
  policy: ProviderPolicy,
  payment: StoredPayment,
): Promise<RefundReply> {
  const { id: paymentId, reference, refundAttempt } = payment;
  if (reference === null) return { kind: 'unavailable', cause: 'no reference yet' };
  const answer = await policy.run('refund', () =>
    callStripe(() =>
      sdk.refunds.create(
        { payment_intent: reference, metadata: { paymentId, attempt: refundAttempt } },
        { idempotencyKey: `refund:${paymentId}:${refundAttempt}` },
      ),
    ),
  );
  if (answer.kind === 'fault') return { kind: 'unavailable', cause: answer.cause };
  const { value } = answer;
  if (value.kind === 'refused') {
    const isDone = value.why.code === 'charge_already_refunded';
    return isDone ? { kind: 'refunded' } : { kind: 'refused', cause: value.why };
  }
  const { status } = value.value;
  if (refundStates.includes(status ?? '')) return { kind: 'refunded' };
  return { kind: 'refused', cause: `the refund is ${status}` };
}
