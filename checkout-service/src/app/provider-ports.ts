import type { PaymentNews, StoredPayment } from '../domain/payment-rules.ts';

// What a payment provider is asked, and answers.

export type CreateRequest = {
  paymentId: string;
  orderId: string;
  saleId: string;
  amountMinor: number;
  currency: string;
  card: string | null;
};

export type CreateReply =
  | { kind: 'accepted'; reference: string; clientSecret?: string }
  | { kind: 'declined'; failure: string }
  /** `path`: which part of the request it is about. */
  | { kind: 'invalid'; path: 'card' | 'provider'; message: string }
  | { kind: 'unavailable'; cause: unknown };

export type LookReply =
  | { kind: 'news'; news: PaymentNews }
  | { kind: 'processing' }
  | { kind: 'none' }
  | { kind: 'unavailable'; cause: unknown };

export type RefundReply =
  | { kind: 'refunded' }
  | { kind: 'refused' | 'unavailable'; cause: unknown };

export type WebhookVerdict =
  | { kind: 'event'; eventId: string; paymentId: string; news: PaymentNews }
  /** Signed, but about nothing that we act on. */
  | { kind: 'other' }
  | { kind: 'forged'; why: 'missing' | 'form' | 'old' | 'signature' }
  | { kind: 'unreadable' };

/** One call of a provider, its retries included, for the figures. */
export type ProviderCall = {
  operation: string;
  outcome: 'answered' | 'failed' | 'timed-out' | 'refused';
  seconds: number;
};

/**
 * A payment provider. Every call may be repeated: `paymentId` is its idempotency key. `deadline`:
 * when whoever waits for the call gives up.
 */
export type PaymentProvider = {
  name: string;
  create(request: CreateRequest, deadline?: AbortSignal): Promise<CreateReply>;
  look(payment: StoredPayment): Promise<LookReply>;
  /** The same payment once more, for whoever is about to pay it: with its client secret. */
  resume?(payment: StoredPayment, deadline?: AbortSignal): Promise<CreateReply>;
  /** Ends a payment at the provider that nobody waits for any more, and tells how it ended. */
  withdraw?(payment: StoredPayment, deadline?: AbortSignal): Promise<LookReply>;
  /** `refused`: for good; another attempt (`refundAttempt`) may go better. */
  refund(payment: StoredPayment): Promise<RefundReply>;
  parseWebhook(
    body: string,
    header: (name: string) => string | undefined,
    nowMs: number,
  ): WebhookVerdict | Promise<WebhookVerdict>;
  breaker(): 'closed' | 'open' | 'half-open';
  onCall(listener: (call: ProviderCall) => void): void;
};
