import { newId } from '@fairgate/shared/ids.ts';
import type { OrderState } from '@fairgate/shared/order.ts';
import {
  invalidFailure,
  type StoredPayment,
  unansweredFailure,
  unreachedFailure,
  withdrawnFailure,
} from '../domain/payment-rules.ts';
import { type NewsParts, noteNews, takeNews, withdraw } from './payment-news.ts';
import type { NewsReply, OutageBounds } from './ports.ts';
import type { PaymentProvider, WebhookVerdict } from './provider-ports.ts';

export type PayOutcome =
  | { kind: 'begun'; paymentId: string; clientSecret?: string }
  | { kind: 'under-way' }
  | { kind: 'order-expired' }
  | { kind: 'not-payable'; state: string }
  | { kind: 'declined'; failure: string }
  | { kind: 'invalid'; path: string; message: string }
  | { kind: 'unavailable'; why: 'provider' | 'not-configured'; cause?: unknown }
  | { kind: 'unknown-order' };

export type PayWish = {
  card: string | null;
  /** The balancer's id of the request: its second try is no second payment. */
  balancerRequest: string | null;
};

export type WebhookOutcome =
  | { kind: 'unknown-provider' }
  /** Genuine, but announced as something else. */
  | { kind: 'not-json' }
  | Exclude<WebhookVerdict, { kind: 'event' }>
  | { kind: 'taken'; reply: NewsReply };

export type Payments = {
  pay(orderId: string, provider: string, wish: PayWish): Promise<PayOutcome>;
  takeWebhook(
    provider: string,
    body: string,
    header: (name: string) => string | undefined,
  ): Promise<WebhookOutcome>;
  /** Ends the payment under way of an order that is to be cancelled, where its provider can. */
  withdrawUnderWay(orderId: string): Promise<void>;
  providers(): { name: string; breaker: string }[];
};

export type PaymentsOptions = NewsParts & {
  /** How far a hold is made longer while its provider is away. */
  outage: OutageBounds;
  /** All calls to providers in one request together. */
  requestMsMax: number;
  /** And the part of it that may pass before a payment begins. */
  withdrawMsMax: number;
  now(): number;
};

/** payment row (committed) -> provider -> its event -> order, units, ledger, outbox at once */
export function makePayments(options: PaymentsOptions): Payments {
  const byName = new Map(options.providers.map((provider) => [provider.name, provider]));
  return {
    pay: async (orderId, name, wish) => {
      const provider = byName.get(name);
      const outcome: PayOutcome = provider
        ? await pay(options, provider, orderId, wish)
        : { kind: 'unavailable', why: 'not-configured' };
      options.metrics.payment(outcome.kind);
      return outcome;
    },
    takeWebhook: async (name, body, header) => {
      const provider = byName.get(name);
      if (!provider) return { kind: 'unknown-provider' };
      const verdict = await provider.parseWebhook(body, header, options.now());
      if (verdict.kind === 'forged') return verdict;
      if (!isJson(header('content-type'))) return { kind: 'not-json' };
      if (verdict.kind !== 'event') return verdict;
      const { eventId, paymentId, news } = verdict;
      const reply = await options.payments.takeNews(name, eventId, paymentId, news);
      noteNews(options, paymentId, reply);
      return { kind: 'taken', reply };
    },
    async withdrawUnderWay(orderId) {
      const payment = await options.payments.latest(orderId);
      const deadline = AbortSignal.timeout(options.requestMsMax);
      if (payment?.state === 'processing') await withdraw(options, payment, deadline);
    },
    providers: () => options.providers.map((p) => ({ name: p.name, breaker: p.breaker() })),
  };
}

async function pay(
  options: PaymentsOptions,
  provider: PaymentProvider,
  orderId: string,
  { card, balancerRequest }: PayWish,
): Promise<PayOutcome> {
  const deadline = AbortSignal.timeout(options.requestMsMax);
  await withdrawDeclined(options, orderId, balancerRequest);
  const paymentId = newId('pay', options.now());
  const wanted = { orderId, provider: provider.name, paymentId, balancerRequest };
  const begun = await options.payments.begin(wanted);
  switch (begun.kind) {
    case 'unknown':
      return { kind: 'unknown-order' };
    case 'again':
      // The provider knows its payment again.
      return begun.payment.state === 'processing' && begun.order.state === 'awaiting_payment'
        ? await createAt(options, provider, begun.payment, { card, deadline })
        : decidedBefore(begun.payment, begun.order.state, card);
    case 'under-way':
      return await resume(options, provider, begun.payment, deadline);
    case 'expired':
      return { kind: 'order-expired' };
    case 'refused':
      return begun.order.state === 'expired'
        ? { kind: 'order-expired' }
        : { kind: 'not-payable', state: begun.order.state };
    case 'begun':
      return await createAt(options, provider, begun.payment, { card, deadline });
  }
}

/** What a second try of the request that began it is told: the order first, then the payment. */
function decidedBefore(payment: StoredPayment, order: OrderState, card: string | null): PayOutcome {
  const { id: paymentId, state, failure } = payment;
  if (order === 'expired') return { kind: 'order-expired' };
  if (state === 'succeeded' && order === 'paid') return { kind: 'begun', paymentId };
  if (order !== 'awaiting_payment') return { kind: 'not-payable', state: order };
  if (state !== 'failed') return { kind: 'begun', paymentId };
  switch (failure) {
    case unansweredFailure:
    case unreachedFailure:
      return { kind: 'unavailable', why: 'provider' };
    case invalidFailure: {
      const path = card === null ? 'provider' : 'card';
      return { kind: 'invalid', path, message: 'the provider cannot take it' };
    }
    case withdrawnFailure:
      return { kind: 'declined', failure: 'The payment was withdrawn.' };
    default:
      return { kind: 'declined', failure: failure ?? 'declined' };
  }
}

async function createAt(
  options: PaymentsOptions,
  provider: PaymentProvider,
  payment: StoredPayment,
  { card, deadline }: { card: string | null; deadline: AbortSignal },
): Promise<PayOutcome> {
  const { id: paymentId, orderId, saleId, amountMinor, currency } = payment;
  const asked = { paymentId, orderId, saleId, amountMinor, currency, card };
  const reply = await provider.create(asked, deadline);
  switch (reply.kind) {
    case 'accepted': {
      await options.payments.accepted(paymentId, reply.reference);
      const { clientSecret } = reply;
      return { kind: 'begun', paymentId, ...(clientSecret ? { clientSecret } : {}) };
    }
    case 'declined': {
      const news = { kind: 'failed', reference: null, failure: reply.failure } as const;
      await takeNews(options, payment, news);
      return reply;
    }
    case 'invalid':
      await options.payments.abandoned(paymentId, invalidFailure, null);
      return reply;
    case 'unavailable':
      // If the provider took it after all, its event finds the payment, or we do by asking.
      await options.payments.unanswered(paymentId, options.outage);
      return { kind: 'unavailable', why: 'provider', cause: reply.cause };
  }
}

/** Whoever pays with a secret may have lost it with their page: the same payment, once more. */
async function resume(
  options: PaymentsOptions,
  provider: PaymentProvider,
  payment: StoredPayment,
  deadline: AbortSignal,
): Promise<PayOutcome> {
  if (payment.provider !== provider.name) return { kind: 'under-way' };
  const reply = await provider.resume?.(payment, deadline);
  if (reply?.kind === 'unavailable') {
    return { kind: 'unavailable', why: 'provider', cause: reply.cause };
  }
  if (reply?.kind !== 'accepted') return { kind: 'under-way' };
  await options.payments.accepted(payment.id, reply.reference);
  const { clientSecret } = reply;
  return { kind: 'begun', paymentId: payment.id, ...(clientSecret ? { clientSecret } : {}) };
}

/**
 * Declined payments may stay payable at their provider. Before another one begins they are
 * withdrawn, so that nobody pays two; one that was paid meanwhile pays the order. Best effort: the
 * end of the order withdraws them too, and if two are paid all the same, one is given back.
 */
async function withdrawDeclined(
  options: PaymentsOptions,
  orderId: string,
  balancerRequest: string | null,
): Promise<void> {
  if (!options.providers.some((provider) => provider.withdraw)) return;
  const payments = await options.payments.stillPayable(orderId, balancerRequest);
  const deadline = AbortSignal.timeout(options.withdrawMsMax);
  await Promise.all(payments.map((payment) => withdraw(options, payment, deadline)));
}

function isJson(type: string | undefined): boolean {
  return type?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
