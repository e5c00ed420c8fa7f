import type { PushSubscription, Wish } from '../notices/place-ask.ts';
import type { Order } from '../order.ts';
import type { Place } from '../place.ts';
import type { PublicSale } from '../sale.ts';

// Types alone: no schema, and nothing of zod, comes into an app with them.

/** `stale`: by an old snapshot, as the room is away. */
export type SaleAnswer = PublicSale & { stale?: true | undefined };

export type Joined = { ticket: string; place: Place };

export type TokenAnswer = {
  /** A JWT (EdDSA), for Fairgate's checkout or one's own. */
  token: string;
  expiresAt: string;
  checkoutUrl: string;
};

/** What has to be solved: ALTCHA's proof of work, or Turnstile's widget. */
export type Challenge =
  | {
      algorithm: 'SHA-256';
      challenge: string;
      maxnumber: number;
      salt: string;
      signature: string;
    }
  | { kind: 'turnstile'; siteKey: string; cData: string };

/** ALTCHA's payload as the object it is or in base64; Turnstile's token. */
export type Solution = string | Record<string, unknown>;

/** How to be told of one's place. What is left out stays as it is, and null takes it away. */
export type NoticesWish = Wish;

/** Everything is optional unless the sale demands it (CONTRACT.md section 3). */
export type JoinWish = {
  pass?: string;
  /** A JWT of the shop's own login. */
  identity?: string;
  email?: string;
  /** BCP 47. */
  language?: string;
  /** As browsers make JSON of it (W3C Push API). */
  pushSubscription?: PushSubscription;
};

export type RedeemWish = {
  token: string;
  items: { productId: string; quantity: number }[];
  email?: string;
};

export type Redeemed = {
  order: Order;
  /** Reads and changes the order; the client keeps it in its storage. */
  orderKey: string;
};

export type PaymentWish =
  | { provider: 'sandbox'; card: string; cvc?: string }
  | { provider: 'stripe' };

export type Payment = { id: string; state: 'processing'; clientSecret?: string };
