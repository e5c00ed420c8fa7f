import type Stripe from 'stripe';
import type {
  CreateReply,
  LookReply,
  PaymentProvider,
  RefundReply,
} from '../app/provider-ports.ts';
import type { StoredPayment } from '../domain/payment-rules.ts';
import { type PolicyFigures, type ProviderPolicy, providerPolicy } from './provider-policy.ts';
import { callStripe, stripeSdk } from './stripe-calls.ts';
import { type IntentCalls, type IntentReply, intentCalls } from './stripe-intent-calls.ts';
import { isOpen, newsOf } from './stripe-intents.ts';
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
    create: async (request, deadline) => acceptedOf(await intents.create(request, deadline)),
    resume: async (payment, deadline) => acceptedOf(await intents.find(payment, deadline)),
    look: async (payment) => await look(intents, payment),
    withdraw: async (payment, deadline) => await withdraw(intents, payment, deadline),
    refund: async (payment) => await refund(sdk, policy, payment),
    parseWebhook: (body, header, nowMs) =>
      parseStripeWebhook(webhooks, body, header('stripe-signature'), nowMs),
    breaker: policy.breaker,
    onCall: policy.onCall,
  };
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
  return lookOf(isOrphan ? await intents.cancel(payment, found.intent.id) : found);
}

/** Cancels the intent; one that was paid meanwhile cannot be, and says so. */
async function withdraw(
  intents: IntentCalls,
  payment: StoredPayment,
  deadline?: AbortSignal,
): Promise<LookReply> {
  const found = await intents.find(payment, deadline);
  // Declined before there was anything to pay: nothing is left to be ended.
  if (found.kind === 'declined') return { kind: 'none' };
  if (found.kind !== 'intent' || !isOpen(found.intent)) return lookOf(found);
  const cancelled = await intents.cancel(payment, found.intent.id, deadline);
  return lookOf(cancelled.kind === 'intent' ? cancelled : await intents.find(payment, deadline));
}

function lookOf(reply: IntentReply): LookReply {
  switch (reply.kind) {
    case 'intent': {
      const news = newsOf(reply.intent);
      return news ? { kind: 'news', news } : { kind: 'processing' };
    }
    case 'declined': {
      const news = { kind: 'failed', reference: null, failure: reply.failure } as const;
      return { kind: 'news', news };
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
  const { id: paymentId, orderId, reference, refundAttempt } = payment;
  if (reference === null) return { kind: 'unavailable', cause: 'no reference yet' };
  const answer = await policy.run({ operation: 'refund', orderId }, () =>
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
