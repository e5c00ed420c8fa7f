import type { PaymentNews, StoredPayment } from '../domain/payment-rules.ts';
import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type { NewsReply, PaymentStore } from './ports.ts';
import type { LookReply, PaymentProvider } from './provider-ports.ts';

export type NewsParts = {
  providers: readonly PaymentProvider[];
  payments: PaymentStore;
  metrics: CheckoutMetrics;
  log: Log;
  /** Told of every sale whose stock has changed. */
  stockChanged(saleId: string): void;
};

/** Ends a payment at its provider, where that can be done, and takes what it says of it. */
export async function withdraw(
  options: NewsParts,
  payment: StoredPayment,
  deadline?: AbortSignal,
): Promise<LookReply | undefined> {
  const provider = options.providers.find(({ name }) => name === payment.provider);
  const reply = await provider?.withdraw?.(payment, deadline);
  if (reply?.kind === 'news') await takeNews(options, payment, reply.news);
  return reply;
}

/** News that no event brought: we asked. */
export async function takeNews(
  options: NewsParts,
  { id, provider }: StoredPayment,
  news: PaymentNews,
): Promise<void> {
  noteNews(options, id, await options.payments.takeNews(provider, null, id, news));
}

/** Counts what news changed, and tells of a sale whose stock they changed. */
export function noteNews(options: NewsParts, paymentId: string, reply: NewsReply): void {
  if (reply.kind === 'clash') {
    options.log.error({ paymentId }, 'a provider gives two payments one reference; look into it');
  }
  if (reply.kind !== 'taken' || reply.change === null) return;
  options.metrics.payment(reply.change);
  if (reply.change === 'refund-failed') {
    options.log.error({ paymentId }, 'a refund failed at its provider; it is asked for anew');
  }
  if (reply.change === 'pay' || reply.change === 'refund') {
    options.metrics.orderChanged(reply.change, 1);
    options.stockChanged(reply.saleId);
  }
}
