import postgres from 'postgres';
import type { NewsReply } from '../../app/ports.ts';
import {
  decidePayment,
  type PaymentDecision,
  type PaymentNews,
} from '../../domain/payment-rules.ts';
import { carryOut } from './payment-changes.ts';
import { lockPayment } from './payment-rows.ts';
import type { Sql } from './pool.ts';

export type Heard = {
  provider: string;
  eventId: string | null;
  paymentId: string;
  news: PaymentNews;
  withdrawable: readonly string[];
};

/** One transaction: the event's id, the payment, the order, units, ledger, outbox. */
export async function takeNews(sql: Sql, heard: Heard): Promise<NewsReply> {
  const { provider, eventId, paymentId, news, withdrawable } = heard;
  return await sql.begin(async (tx): Promise<NewsReply> => {
    const found = await lockPayment(tx, paymentId);
    if (found?.payment.provider !== provider) return { kind: 'unknown' };
    const { payment, order } = found;
    // Only for a payment of ours: an event about no such thing leaves no row.
    if (eventId !== null) {
      const fresh = await tx`
        insert into provider_events (provider, event_id) values (${provider}, ${eventId})
        on conflict do nothing returning event_id`;
      if (fresh.length === 0) return { kind: 'seen' };
    }
    const decision = decidePayment(order.state, payment, news);
    await carryOut(tx, found, decision, news, withdrawable);
    return { kind: 'taken', change: changeOf(decision), orderId: order.id, saleId: order.saleId };
  });
}

/** Two payments of one reference: the provider is wrong, and says so again in vain. */
export function clashed(error: unknown): NewsReply {
  if (!(error instanceof postgres.PostgresError)) throw error;
  if (error.constraint_name !== 'payments_reference') throw error;
  return { kind: 'clash' };
}

export async function forgetEvents(sql: Sql, days: number, limit: number): Promise<number> {
  const gone = await sql`
    delete from provider_events where (provider, event_id) in (
      select provider, event_id from provider_events
      where created_at < now() - make_interval(days => ${days}) limit ${limit})
    returning 1`;
  return gone.length;
}

function changeOf(decision: PaymentDecision) {
  switch (decision.kind) {
    case 'pay':
      return 'pay';
    case 'decline':
      return 'decline';
    case 'withdraw':
      return 'withdrawn';
    case 'late':
      return 'late';
    case 'refund':
      return 'refunding';
    case 'mark-refunded':
      return 'refunded';
    case 'end-refunded':
      return 'refund';
    case 'refund-again':
      return 'refund-failed';
    case 'nothing':
      return null;
  }
}
