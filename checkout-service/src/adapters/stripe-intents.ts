import { z } from 'zod';
import type { PaymentNews } from '../domain/payment-rules.ts';
import { failureWord, isCurrency, isProviderId } from '../domain/provider-words.ts';

/** What we read of Stripe's PaymentIntent; whatever else it holds, and may come to hold, is left. */
export const intentSchema = z.object({
  id: z.string().refine(isProviderId),
  status: z.string(),
  amount_received: z.int().min(0).default(0),
  currency: z.string().refine(isCurrency),
  client_secret: z.string().nullish(),
  last_payment_error: z
    .object({ code: z.string().nullish(), decline_code: z.string().nullish() })
    .nullish(),
  /** Its id alone, unless it was asked for whole. */
  latest_charge: z.union([z.string(), z.object({ refunded: z.boolean() })]).nullish(),
  metadata: z.record(z.string(), z.string()).default({}),
});
export type Intent = z.infer<typeof intentSchema>;

/** What an intent says, or null while nothing is decided. */
export function newsOf(intent: Intent): PaymentNews | null {
  const { id: reference, status } = intent;
  // An intent stays `succeeded` when its money went back.
  const charge = intent.latest_charge;
  if (typeof charge === 'object' && charge?.refunded) return { kind: 'refunded' };
  if (status === 'succeeded') {
    const currency = intent.currency.toUpperCase();
    const amountMinor = minorUnits(intent.amount_received, currency);
    return { kind: 'succeeded', reference, amountMinor, currency };
  }
  if (status === 'canceled') return { kind: 'withdrawn', reference };
  // The intent stays payable; what was tried last was refused.
  const declined = status === 'requires_payment_method' && intent.last_payment_error;
  return declined ? { kind: 'failed', reference, failure: failureOf(intent) } : null;
}

/** Whether money may still come by this intent. */
export function isOpen(intent: Intent): boolean {
  return intent.status !== 'succeeded' && intent.status !== 'canceled';
}

/** What a thief should not learn of a card; Stripe asks to show these as a plain decline. */
const hiddenDeclines = new Set([
  'fraudulent',
  'generic_decline',
  'lost_card',
  'merchant_blacklist',
  'pickup_card',
  'restricted_card',
  'stolen_card',
]);

function failureOf({ last_payment_error: error }: Intent): string {
  return declineOf(error?.decline_code, error?.code);
}

/** Why a payment was declined, as the shopper may know it. */
export function declineOf(declineCode?: string | null, code?: string | null): string {
  const why = declineCode ?? code ?? 'card_declined';
  return hiddenDeclines.has(why) ? 'card_declined' : failureWord(why);
}

/**
 * Stripe counts in minor units as we do, also where a currency has none (JPY). The exceptions
 * (docs.stripe.com/currencies#special-cases): these two have none, and Stripe wants two digits.
 */
const twoDigitsAtStripe = new Set(['ISK', 'UGX']);
/** ISO 4217 gives it two digits, Stripe none: an amount would mean a hundredfold there. */
const refused = new Set(['MGA']);

/** An amount as Stripe counts it, or null in a currency that cannot be paid there. */
export function stripeAmount(amountMinor: number, currency: string): number | null {
  if (refused.has(currency)) return null;
  return twoDigitsAtStripe.has(currency) ? amountMinor * 100 : amountMinor;
}

function minorUnits(amount: number, currency: string): number {
  return twoDigitsAtStripe.has(currency) ? amount / 100 : amount;
}
