import { z } from 'zod';
import type { BeginPaymentReply, PaymentStore, WantedPayment } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import { withdrawnFailure } from '../../domain/payment-rules.ts';
import { placeLateMoney } from './late-money.ts';
import { readOrder } from './order-rows.ts';
import { abandonPayment, lookUnanswered, payUnanswered } from './outage.ts';
import { tellFailure } from './payment-changes.ts';
import { lateOnes, relayPaymentJobs, takeDue, takeSilent, takeUp } from './payment-due.ts';
import { clashed, forgetEvents, takeNews } from './payment-news.ts';
import { notePayment, storedPayments } from './payment-rows.ts';
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
    begin: (wanted) => orders.run((sql) => begin(sql, wanted)),
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
    stillPayable: (orderId, balancerRequest) =>
      orders.run(async (sql) =>
        storedPayments(
          await sql`
          select * from payments
          where order_id = ${orderId} and provider = any(${[...withdrawable]}::text[])
            and state = 'failed' and reference is not null
            and failure is distinct from ${withdrawnFailure}
            and not exists (
              select from payments a
              where a.order_id = ${orderId} and a.balancer_request = ${balancerRequest})`,
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
async function begin(sql: Sql, wanted: WantedPayment): Promise<BeginPaymentReply> {
  const { orderId, provider, paymentId, balancerRequest } = wanted;
  return await sql.begin(async (tx): Promise<BeginPaymentReply> => {
    await tx`select from orders where id = ${orderId} for update`;
    const order = await readOrder(tx, orderId);
    if (!order) return { kind: 'unknown' };
    const earlier = storedPayments(
      await tx`
      select * from payments
      where order_id = ${orderId} and balancer_request = ${balancerRequest}`,
    );
    if (earlier[0]) return { kind: 'again', payment: earlier[0], order };
    if (transition(order.state, 'pay').kind === 'refused') return { kind: 'refused', order };
    const open = storedPayments(
      await tx`
      select * from payments where order_id = ${orderId} and state = 'processing'`,
    );
    if (open[0]) return { kind: 'under-way', payment: open[0] };
    const made = storedPayments(
      await tx`
      insert into payments
        (id, order_id, sale_id, provider, amount_minor, currency, balancer_request)
      select ${paymentId}, id, sale_id, ${provider}, total_minor, currency, ${balancerRequest}
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
