import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { mistakeKeys } from './mistake.ts';

// What the pages' scripts say; the pages hold these phrases, and the scripts no others.

export const checkoutPhrases = [
  ...mistakeKeys,
  'checkout.soonOver',
  'checkout.upTo',
  'checkout.working',
  'checkout.reserve',
  'order.back',
] as const satisfies readonly WordKey[];
export type CheckoutPhrase = (typeof checkoutPhrases)[number];

export const orderPhrases = [
  'order.soonOver',
  'order.moreOffer',
  'order.moreGiven',
  'order.offline',
  'order.back',
  'mistake.offline',
  'mistake.away',
  'trouble.limited',
] as const satisfies readonly WordKey[];
export type OrderPhrase = (typeof orderPhrases)[number];

/** Where Stripe's form is on the page too. */
export const stripePhrases = [
  ...orderPhrases,
  ...mistakeKeys,
  'pay.loading',
  'pay.notLoaded',
  'pay.working',
  'order.paying',
  'order.payingText',
] as const satisfies readonly WordKey[];
export type StripePhrase = (typeof stripePhrases)[number];
