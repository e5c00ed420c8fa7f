import { newId } from '@fairgate/shared/ids.ts';
import { isFinal } from '../domain/order-machine.ts';
import { type StoredPayment, unansweredFailure } from '../domain/payment-rules.ts';
import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type {
  NewsReply,
  OrderStore,
  PaymentProvider,
  PaymentStore,
  WebhookVerdict,
} from './ports.ts';

export type PayOutcome =
  | { kind: 'begun'; paymentId: string; clientSecret?: string }
  | { kind: 'under-way' }
  | { kind: 'order-expired' }
  | { kind: 'not-payable'; state: string }
  | { kind: 'declined'; failure: string }
  | { kind: 'invalid'; message: string }
  | { kind: 'unavailable'; why: 'provider' | 'not-configured'; cause?: unknown }
  | { kind: 'unknown-order' };

export type WebhookOutcome =
  | { kind: 'unknown-provider' }
  | Exclude<WebhookVerdict, { kind: 'event' }>
  | { kind: 'taken'; reply: NewsReply };

export type Payments = {
  pay(orderId: string, provider: string, card: string | null): Promise<PayOutcome>;
  takeWebhook(
    provider: string,
    body: string,
    header: (name: string) => string | undefined,
  ): Promise<WebhookOutcome>;
  /** Gives back money that came too late or twice. */
  refundDue(): Promise<number>;
  /** Asks about payments of which nothing was heard: webhooks get lost, and processes die. */
  askAboutSilent(): Promise<number>;
  /** Ends the payment under way of an order that is to be cancelled, where its provider can. */
  withdrawUnderWay(orderId: string): Promise<void>;
  providers(): { name: string; breaker: string }[];
};

export type PaymentsOptions = {
  providers: readonly PaymentProvider[];
  payments: PaymentStore;
  orders: Pick<OrderStore, 'find'>;
  metrics: CheckoutMetrics;
  log: Log;
  silenceSeconds: number;
  now(): number;
  /** Told of every sale whose stock has changed. */
  stockChanged(saleId: string): void;
};

/** payment row (committed) -> provider -> its event -> order, units, ledger, outbox at once */
export function makePayments(options: PaymentsOptions): Payments {
  const byName = new Map(options.providers.map((provider) => [provider.name, provider]));
  return {
    pay: async (orderId, name, card) => {
      const provider = byName.get(name);
      const outcome: PayOutcome = provider
        ? await pay(options, provider, orderId, card)
        : { kind: 'unavailable', why: 'not-configured' };
      options.metrics.payment(outcome.kind);
      return outcome;
    },
    takeWebhook: async (name, body, header) => {
      const provider = byName.get(name);
      if (!provider) return { kind: 'unknown-provider' };
      const verdict = await provider.parseWebhook(body, header, options.now());
      if (verdict.kind !== 'event') return verdict;
      const { eventId, paymentId, news } = verdict;
      const reply = await options.payments.takeNews(name, eventId, paymentId, news);
      noteNews(options, reply);
      return { kind: 'taken', reply };
    },
    refundDue: () => refundDue(options, byName),
    askAboutSilent: () => askAboutSilent(options, byName),
    async withdrawUnderWay(orderId) {
      const payment = await options.payments.latest(orderId);
      if (payment?.state === 'processing') await withdraw(options, payment);
    },
    providers: () => options.providers.map((p) => ({ name: p.name, breaker: p.breaker() })),
  };
}

async function pay(
  options: PaymentsOptions,
  provider: PaymentProvider,
  orderId: string,
  card: string | null,
): Promise<PayOutcome> {
  await withdrawDeclined(options, orderId);
  const paymentId = newId('pay', options.now());
  const begun = await options.payments.begin(orderId, provider.name, paymentId);
  switch (begun.kind) {
    case 'unknown':
      return { kind: 'unknown-order' };
    case 'under-way':
      return await resume(options, provider, begun.payment);
    case 'expired':
      return { kind: 'order-expired' };
    case 'refused':
      return begun.order.state === 'expired'
        ? { kind: 'order-expired' }
        : { kind: 'not-payable', state: begun.order.state };
    case 'begun':
      return await createAt(options, provider, begun.payment, card);
  }
}

async function createAt(
  options: PaymentsOptions,
  provider: PaymentProvider,
  payment: StoredPayment,
  card: string | null,
): Promise<PayOutcome> {
  const { id: paymentId, orderId, saleId, amountMinor, currency } = payment;
  const asked = { paymentId, orderId, saleId, amountMinor, currency, card };
  const reply = await provider.create(asked);
  switch (reply.kind) {
    case 'accepted': {
      await options.payments.accepted(paymentId, reply.reference);
      const { clientSecret } = reply;
      return { kind: 'begun', paymentId, ...(clientSecret ? { clientSecret } : {}) };
    }
    case 'declined': {
      const news = { kind: 'failed', reference: null, failure: reply.failure } as const;
      noteNews(options, await options.payments.takeNews(provider.name, null, paymentId, news));
      return reply;
    }
    case 'invalid':
      await options.payments.abandoned(paymentId, 'invalid');
      return reply;
    case 'unavailable':
      // If the provider took it after all, its event finds the payment, or we do by asking.
      await options.payments.abandoned(paymentId, unansweredFailure);
      return { kind: 'unavailable', why: 'provider', cause: reply.cause };
  }
}

/** Whoever pays with a secret may have lost it with their page: the same payment, once more. */
async function resume(
  options: PaymentsOptions,
  provider: PaymentProvider,
  payment: StoredPayment,
): Promise<PayOutcome> {
  if (payment.provider !== provider.name) return { kind: 'under-way' };
  const reply = await provider.resume?.(payment);
  if (reply?.kind === 'unavailable') {
    return { kind: 'unavailable', why: 'provider', cause: reply.cause };
  }
  if (reply?.kind !== 'accepted') return { kind: 'under-way' };
  await options.payments.accepted(payment.id, reply.reference);
  const { clientSecret } = reply;
  return { kind: 'begun', paymentId: payment.id, ...(clientSecret ? { clientSecret } : {}) };
}

/**
 * A declined payment may stay payable at its provider. Before another one begins it is withdrawn,
 * so that nobody pays both; one that was paid meanwhile pays the order. Best effort: if both are
 * paid all the same, one is given back.
 */
async function withdrawDeclined(options: PaymentsOptions, orderId: string): Promise<void> {
  if (!options.providers.some((provider) => provider.withdraw)) return;
  const payment = await options.payments.latest(orderId);
  if (payment?.state !== 'failed' || payment.reference === null) return;
  await withdraw(options, payment);
}

/** Ends a payment at its provider, where that can be done, and takes what it says of it. */
export async function withdraw(
  options: Pick<PaymentsOptions, 'providers' | 'payments' | 'metrics' | 'stockChanged'>,
  payment: StoredPayment,
): Promise<void> {
  const provider = options.providers.find(({ name }) => name === payment.provider);
  const reply = await provider?.withdraw?.(payment);
  if (reply?.kind !== 'news') return;
  noteNews(
    options,
    await options.payments.takeNews(payment.provider, null, payment.id, reply.news),
  );
}

export function noteNews(
  options: Pick<PaymentsOptions, 'metrics' | 'stockChanged'>,
  reply: NewsReply,
): void {
  if (reply.kind !== 'taken' || reply.change === null) return;
  options.metrics.payment(reply.change);
  if (reply.change === 'pay') {
    options.metrics.orderChanged('pay', 1);
    options.stockChanged(reply.saleId);
  }
}

async function refundDue(
  options: PaymentsOptions,
  byName: ReadonlyMap<string, PaymentProvider>,
): Promise<number> {
  const due = await options.payments.refunding(20);
  let refunded = 0;
  for (const payment of due) {
    const reply = await byName.get(payment.provider)?.refund(payment);
    if (reply?.kind === 'refunded') {
      const news = { kind: 'refunded' } as const;
      const taken = await options.payments.takeNews(payment.provider, null, payment.id, news);
      noteNews(options, taken);
      refunded += 1;
    } else {
      options.log.warn({ paymentId: payment.id, err: reply?.cause }, 'a refund has to wait');
    }
  }
  return refunded;
}

async function askAboutSilent(
  options: PaymentsOptions,
  byName: ReadonlyMap<string, PaymentProvider>,
): Promise<number> {
  const silent = await options.payments.silent(options.silenceSeconds, 20);
  for (const payment of silent) {
    const reply = await byName.get(payment.provider)?.look(payment);
    if (reply?.kind === 'news') {
      const { news } = reply;
      noteNews(options, await options.payments.takeNews(payment.provider, null, payment.id, news));
    } else if (reply?.kind === 'none') {
      await options.payments.abandoned(payment.id, 'never reached the provider');
    } else if (reply?.kind === 'processing' && (await isOver(options, payment))) {
      await withdraw(options, payment);
    }
  }
  return silent.length;
}

/** Whether nobody waits for the payment any more. */
async function isOver(options: PaymentsOptions, payment: StoredPayment): Promise<boolean> {
  const order = await options.orders.find(payment.orderId);
  return order === null || isFinal(order.state);
}
