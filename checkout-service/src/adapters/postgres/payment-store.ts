import postgres from 'postgres';
import { z } from 'zod';
import type { BeginPaymentReply, NewsReply, PaymentStore } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import {
  decidePayment,
  type PaymentDecision,
  type PaymentNews,
  withdrawnFailure,
} from '../../domain/payment-rules.ts';
import { placeLateMoney } from './late-money.ts';
import { readOrder } from './order-rows.ts';
import { abandonPayment, lookUnanswered, payUnanswered } from './outage.ts';
import { carryOut, tellFailure } from './payment-changes.ts';
import { lateOnes, relayPaymentJobs, takeDue, takeSilent, takeUp } from './payment-due.ts';
import { lockPayment, notePayment, storedPayments } from './payment-rows.ts';
import type { Pool, Sql } from './pool.ts';

export type PaymentStoreOptions = {
  orders: Pool;
  background: Pool;
  /** Providers that can end a payment before it is paid. */
  withdrawable: readonly string[];
};

export function postgresPayments(options: PaymentStoreOptions): PaymentStore {
  const { orders, background, withdrawable } = options;
  return {
    begin: (orderId, provider, paymentId) =>
      orders.run((sql) => begin(sql, orderId, provider, paymentId)),
    accepted: (paymentId, reference) =>
      orders.run(async (sql) => {
        // Its event may have come before this answer: then the state and its time are the event's.
        await sql`
          update payments set reference = coalesce(reference, ${reference}),
            updated_at = case when state = 'processing' then now() else updated_at end
          where id = ${paymentId}`;
      }),
    abandoned: (paymentId, failure, told) =>
      orders.run((sql) => abandonPayment(sql, paymentId, failure, told)),
    unanswered: (paymentId, bounds) => orders.run((sql) => payUnanswered(sql, paymentId, bounds)),
    untold: (paymentId, bounds) => background.run((sql) => lookUnanswered(sql, paymentId, bounds)),
    takeNews: (provider, eventId, paymentId, news) =>
      orders
        .run((sql) => takeNews(sql, { provider, eventId, paymentId, news, withdrawable }))
        .catch(clashed),
    forgetEvents: (days, limit) => background.run((sql) => forgetEvents(sql, days, limit)),
    payableElsewhere: (orderId) =>
      orders.run(async (sql) =>
        storedPayments(
          await sql`
          select * from payments
          where order_id = ${orderId} and provider = any(${[...withdrawable]}::text[])
            and state = 'failed' and reference is not null
            and failure is distinct from ${withdrawnFailure}`,
        ),
      ),
    latest: (orderId) =>
      orders.run(async (sql) => {
        const rows = await sql`
          select * from payments where order_id = ${orderId}
          order by state = 'processing' desc, id desc limit 1`;
        return storedPayments(rows)[0] ?? null;
      }),
    findLate: (paymentId) => background.run((sql) => findLate(sql, paymentId)),
    placeLate: (paymentId, budget, mayWait) =>
      background.run((sql) => placeLateMoney(sql, paymentId, budget, mayWait)),
    takeUp: (paymentId, kind) =>
      background.run(async (sql) => storedPayments(await takeUp(sql, paymentId, kind))[0] ?? null),
    due: (kind, grace, limit) =>
      background.run(async (sql) => storedPayments(await takeDue(sql, kind, grace, limit))),
    late: (grace, limit) =>
      background.run(async (sql) => storedPayments(await lateOnes(sql, grace, limit))),
    silent: (seconds, limit) =>
      background.run(async (sql) => storedPayments(await takeSilent(sql, seconds, limit))),
    relayJobs: (limit, handOver) => background.run((sql) => relayPaymentJobs(sql, limit, handOver)),
  };
}

/** The row is committed before the provider hears of it, so that its events find the payment. */
async function begin(
  sql: Sql,
  orderId: string,
  provider: string,
  paymentId: string,
): Promise<BeginPaymentReply> {
  return await sql.begin(async (tx): Promise<BeginPaymentReply> => {
    await tx`select from orders where id = ${orderId} for update`;
    const order = await readOrder(tx, orderId);
    if (!order) return { kind: 'unknown' };
    if (transition(order.state, 'pay').kind === 'refused') return { kind: 'refused', order };
    const open = storedPayments(
      await tx`
      select * from payments where order_id = ${orderId} and state = 'processing'`,
    );
    if (open[0]) return { kind: 'under-way', payment: open[0] };
    const made = storedPayments(
      await tx`
      insert into payments (id, order_id, sale_id, provider, amount_minor, currency)
      select ${paymentId}, id, sale_id, ${provider}, total_minor, currency
      from orders where id = ${orderId} and pay_before > now()
      returning *`,
    );
    const [payment] = made;
    if (!payment) return { kind: 'expired' };
    await notePayment(tx, payment, `visitor:${order.visitor}`, 'payment.begun');
    // What went wrong before says nothing of this one.
    if (order.failure !== null) await tellFailure(tx, orderId, null);
    return { kind: 'begun', payment, order };
  });
}

type Heard = {
  provider: string;
  eventId: string | null;
  paymentId: string;
  news: PaymentNews;
  withdrawable: readonly string[];
};

async function takeNews(sql: Sql, heard: Heard): Promise<NewsReply> {
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

function clashed(error: unknown): NewsReply {
  if (!(error instanceof postgres.PostgresError)) throw error;
  if (error.constraint_name !== 'payments_reference') throw error;
  return { kind: 'clash' };
}

async function forgetEvents(sql: Sql, days: number, limit: number): Promise<number> {
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

async function findLate(sql: Sql, paymentId: string) {
  const [payment] = await sql`
    select order_id, extract(epoch from now() - updated_at)::float8 as seconds
    from payments where id = ${paymentId} and state = 'late'`;
  if (!payment) return null;
  const { order_id, seconds } = z
    .object({ order_id: z.string(), seconds: z.number() })
    .parse(payment);
  const order = await readOrder(sql, order_id);
  return order && { order, waitedSeconds: seconds };
}
