import Stripe from 'stripe';
import { z } from 'zod';
import type { WebhookVerdict } from '../app/provider-ports.ts';
import type { PaymentNews } from '../domain/payment-rules.ts';
import { isProviderId } from '../domain/provider-words.ts';
import { intentSchema, newsOf } from './stripe-intents.ts';

const eventSchema = z.object({
  id: z.string().refine(isProviderId),
  type: z.string(),
  data: z.object({ object: z.unknown() }),
});

/** A charge has the metadata that its intent had. */
const chargeSchema = z.object({
  refunded: z.boolean(),
  metadata: z.record(z.string(), z.string()).default({}),
});

/** Both names of an event, for accounts with older versions of the API. */
const refundEvents = ['refund.failed', 'refund.updated', 'charge.refund.updated'];

/** A refund has the metadata that we gave it. */
const refundSchema = z.object({
  status: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

const intentEvents = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
];

/** Stripe's event: signature and age by the SDK, then what it says of a payment of ours. */
export async function parseStripeWebhook(
  options: { sdk: Stripe; webhookSecret: string; toleranceSeconds: number },
  body: string,
  signature: string | undefined,
  nowMs: number,
): Promise<WebhookVerdict> {
  const { sdk, webhookSecret, toleranceSeconds } = options;
  if (signature === undefined) return { kind: 'forged', why: 'missing' };
  let event: unknown;
  try {
    event = await sdk.webhooks.constructEventAsync(
      body,
      signature,
      webhookSecret,
      toleranceSeconds,
      undefined,
      nowMs,
    );
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) {
      return { kind: 'unreadable' };
    }
    return { kind: 'forged', why: whyOf(error.message) };
  }
  return verdictOf(event);
}

/** For the log alone; the SDK tells its reasons apart by their texts. */
function whyOf(message: string): 'form' | 'old' | 'signature' {
  if (message.includes('Timestamp')) return 'old';
  return /Unable to extract|expected scheme/.test(message) ? 'form' : 'signature';
}

function verdictOf(given: unknown): WebhookVerdict {
  const event = eventSchema.safeParse(given);
  if (!event.success) return { kind: 'unreadable' };
  const { id: eventId, type, data } = event.data;
  const about = aboutOf(type, data.object);
  if (about === null) return { kind: 'unreadable' };
  const isOurs = about !== 'other' && isProviderId(about.paymentId);
  return isOurs ? { kind: 'event', eventId, ...about } : { kind: 'other' };
}

type About = { paymentId: string; news: PaymentNews };

function aboutOf(type: string, object: unknown): About | 'other' | null {
  if (intentEvents.includes(type)) return aboutIntent(object);
  if (refundEvents.includes(type)) return aboutRefund(object);
  return type === 'charge.refunded' ? aboutCharge(object) : 'other';
}

/** Null where it cannot be read; `other` where it is no payment of ours, or says nothing new. */
function aboutIntent(object: unknown): About | 'other' | null {
  const intent = intentSchema.safeParse(object);
  if (!intent.success) return null;
  const { paymentId } = intent.data.metadata;
  const news = newsOf(intent.data);
  return paymentId && news ? { paymentId, news } : 'other';
}

/** A part of the money that went back is the shop's own affair; all of it ends the payment. */
function aboutCharge(object: unknown): About | 'other' | null {
  const charge = chargeSchema.safeParse(object);
  if (!charge.success) return null;
  const { paymentId } = charge.data.metadata;
  return paymentId && charge.data.refunded ? { paymentId, news: { kind: 'refunded' } } : 'other';
}

/** A refund of ours that failed, perhaps days after it was taken on; others are their makers' affair. */
function aboutRefund(object: unknown): About | 'other' | null {
  const refund = refundSchema.safeParse(object);
  if (!refund.success) return null;
  const { status, metadata } = refund.data;
  const attempt = Number(metadata?.attempt ?? Number.NaN);
  const paymentId = metadata?.paymentId;
  if (!paymentId || !Number.isInteger(attempt)) return 'other';
  if (status !== 'failed' && status !== 'canceled') return 'other';
  return { paymentId, news: { kind: 'refund-failed', attempt } };
}
