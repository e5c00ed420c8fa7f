import { z } from 'zod';
import type { BeginPaymentReply, NewsReply, PaymentStore } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import {
  decidePayment,
  type PaymentDecision,
  type PaymentNews,
  type StoredPayment,
  unansweredFailure,
} from '../../domain/payment-rules.ts';
import { endOrders, noteInLedger } from './order-changes.ts';
import { readOrder } from './order-rows.ts';
import type { Pool, Sql, Transaction } from './pool.ts';

const rowSchema = z.object({
  id: z.string(),
  order_id: z.string(),
  sale_id: z.string(),
  provider: z.string(),
  reference: z.string().nullable(),
  state: z.enum(['processing', 'succeeded', 'failed', 'refunding', 'refunded']),
  amount_minor: z.number(),
  currency: z.string(),
  failure: z.string().nullable(),
});

export function postgresPayments(orders: Pool, background: Pool): PaymentStore {
  return {
    begin: (orderId, provider, paymentId) =>
      orders.run((sql) => begin(sql, orderId, provider, paymentId)),
    accepted: (paymentId, reference) =>
      orders.run(async (sql) => {
        await sql`
          update payments set reference = coalesce(reference, ${reference}), updated_at = now()
          where id = ${paymentId}`;
      }),
    abandoned: (paymentId, failure) =>
      orders.run(async (sql) => {
        await sql`
          update payments set state = 'failed', failure = ${failure}, updated_at = now()
          where id = ${paymentId} and state = 'processing'`;
      }),
    takeNews: (provider, eventId, paymentId, news) =>
      orders.run((sql) => takeNews(sql, provider, eventId, paymentId, news)),
    latest: (orderId) =>
      orders.run(async (sql) => {
        const rows = await sql`
          select * from payments where order_id = ${orderId} order by id desc limit 1`;
        return payments(rows)[0] ?? null;
      }),
    refunding: (limit) => background.run(async (sql) => payments(await takeRefunding(sql, limit))),
    silent: (seconds, limit) =>
      background.run(async (sql) => payments(await takeSilent(sql, seconds, limit))),
  };
}

/** `updated_at` tells of the last attempt: the longest untried come first, on every instance. */
async function takeRefunding(sql: Sql, limit: number) {
  return await sql`
    with due as materialized (
      select id from payments where state = 'refunding'
      order by updated_at limit ${limit} for update skip locked
    )
    update payments p set updated_at = now() from due where p.id = due.id returning p.*`;
}

/**
 * A payment without an answer is asked about again after as long as it has been asked about
 * already: about 14 times in the day until it is given up.
 */
async function takeSilent(sql: Sql, seconds: number, limit: number) {
  return await sql`
    with due as materialized (
      select id from payments
      where updated_at < now() - make_interval(secs => ${seconds}) and (
        state = 'processing'
        or (state = 'failed' and failure = ${unansweredFailure} and reference is null
          and created_at > now() - interval '24 hours'
          and now() - updated_at > updated_at - created_at))
      order by updated_at limit ${limit} for update skip locked
    )
    update payments p set updated_at = now() from due where p.id = due.id returning p.*`;
}

function payments(rows: Iterable<unknown>): StoredPayment[] {
  return z
    .array(rowSchema)
    .parse([...rows])
    .map((row) => ({
      id: row.id,
      orderId: row.order_id,
      saleId: row.sale_id,
      provider: row.provider,
      reference: row.reference,
      state: row.state,
      amountMinor: row.amount_minor,
      currency: row.currency,
      failure: row.failure,
    }));
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
    const open = payments(
      await tx`
      select * from payments where order_id = ${orderId} and state = 'processing'`,
    );
    if (open[0]) return { kind: 'under-way', payment: open[0] };
    const made = payments(
      await tx`
      insert into payments (id, order_id, sale_id, provider, amount_minor, currency)
      select ${paymentId}, id, sale_id, ${provider}, total_minor, currency
      from orders where id = ${orderId} and pay_before > now()
      returning *`,
    );
    const [payment] = made;
    if (!payment) return { kind: 'expired' };
    const actor = `visitor:${order.visitor}`;
    await note(tx, payment, actor, 'payment.begun', {});
    return { kind: 'begun', payment, order };
  });
}

async function takeNews(
  sql: Sql,
  provider: string,
  eventId: string | null,
  paymentId: string,
  news: PaymentNews,
): Promise<NewsReply> {
  return await sql.begin(async (tx): Promise<NewsReply> => {
    if (eventId !== null) {
      const fresh = await tx`
        insert into provider_events (provider, event_id) values (${provider}, ${eventId})
        on conflict do nothing returning event_id`;
      if (fresh.length === 0) return { kind: 'seen' };
    }
    // Everyone locks the order first, then the payment.
    await tx`
      select from orders
      where id = (select order_id from payments where id = ${paymentId} and provider = ${provider})
      for update`;
    const found = payments(
      await tx`
      select * from payments where id = ${paymentId} and provider = ${provider} for update`,
    );
    const payment = found[0];
    const order = payment && (await readOrder(tx, payment.orderId));
    if (!payment || !order) return { kind: 'unknown' };
    const decision = decidePayment(order.state, payment, news);
    await carryOut(tx, payment, decision, 'reference' in news ? news.reference : null);
    return { kind: 'taken', change: changeOf(decision), orderId: order.id, saleId: order.saleId };
  });
}

function changeOf(decision: PaymentDecision) {
  switch (decision.kind) {
    case 'pay':
      return 'pay';
    case 'decline':
      return 'decline';
    case 'refund':
      return 'late';
    case 'mark-refunded':
      return 'refunded';
    case 'nothing':
      return null;
  }
}

async function carryOut(
  tx: Transaction,
  payment: StoredPayment,
  decision: PaymentDecision,
  reference: string | null,
): Promise<void> {
  const actor = `provider:${payment.provider}`;
  const move = async (state: StoredPayment['state'], failure: string | null) => {
    await tx`
      update payments set state = ${state}, failure = ${failure}, updated_at = now(),
        reference = coalesce(${reference}, reference)
      where id = ${payment.id}`;
  };
  switch (decision.kind) {
    case 'pay':
      await move('succeeded', null);
      await endOrders(tx, [payment.orderId], 'pay', actor);
      return;
    case 'refund':
      await move('refunding', null);
      await note(tx, payment, actor, 'payment.late', { why: decision.why });
      return;
    case 'decline':
      await move('failed', decision.failure);
      await tx`
        update orders set failure = ${decision.failure}, version = version + 1
        where id = ${payment.orderId} and state = 'awaiting_payment'`;
      await note(tx, payment, actor, 'payment.declined', { failure: decision.failure });
      return;
    case 'mark-refunded':
      await move('refunded', null);
      await note(tx, payment, actor, 'payment.refunded', {});
      return;
    case 'nothing':
      // Known to the provider, and no money: with a reference it is not asked about any more.
      if (payment.state === 'failed' && reference !== null) {
        await tx`
          update payments set reference = coalesce(reference, ${reference}) where id = ${payment.id}`;
      }
      return;
  }
}

async function note(
  tx: Transaction,
  payment: StoredPayment,
  actor: string,
  action: string,
  detail: Record<string, string>,
): Promise<void> {
  await noteInLedger(tx, {
    actor,
    action,
    saleId: payment.saleId,
    orderId: payment.orderId,
    detail: { ...detail, paymentId: payment.id, amountMinor: payment.amountMinor },
  });
}
