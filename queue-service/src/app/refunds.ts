import { Problem } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import { by, type Caller } from './caller.ts';
import type { AdminOrder, Checkouts, JobQueue, OutboxJob, RefundJob, Store } from './ports.ts';
import type { Precondition } from './precondition.ts';
import { requireAsked } from './sale-states.ts';

export type RefundWish = { reason?: string | undefined; confirm?: string | undefined };

export type RefundOrder = (
  caller: Caller,
  orderId: string,
  wish: RefundWish,
) => Promise<AdminOrder>;

/**
 * A checkout refunds the order: units, payment, ledger, mail. The order as it is then. Throws
 * `not-found`, `conflict` (it is not paid; `confirm` is not the sale's name), `unavailable`.
 */
export function refundOrder(parts: { store: Store; checkouts: Checkouts }): RefundOrder {
  const { store, checkouts } = parts;
  const find = async (orderId: string) => {
    const order = await store.orders.find(orderId);
    if (order === null) throw new Problem('not-found', 'There is no such order.');
    return order;
  };
  return async (caller, orderId, { reason = null, confirm }) => {
    const { saleId } = await find(orderId);
    if (confirm !== undefined && confirm !== (await store.sales.findKept(saleId))?.name) {
      throw new Problem('conflict', '`confirm` is not the name of the sale.');
    }
    const reply = await checkouts.refund(orderId, { actor: caller.actor, reason });
    switch (reply.kind) {
      case 'refunded':
        return await find(orderId);
      case 'unknown':
        throw new Problem('not-found', 'There is no such order.');
      case 'refused':
        throw new Problem('conflict', reply.detail);
      case 'unavailable':
        throw new Problem('unavailable', 'No checkout answers; try again shortly.', reply.cause);
    }
  };
}

/** As it stands in the outbox and in the queue. */
export const refundJobSchema = z.object({
  kind: z.literal('refund'),
  orderId: z.string().min(1).max(100),
  actor: z.string().min(1).max(300),
  reason: z.string().nullable(),
  outboxId: z.int().optional(),
});

/** By its id a refund is in its queue once, however often it is put there. */
export function queuedRefund(outboxId: number, job: RefundJob): { jobId: string; data: RefundJob } {
  return { jobId: `o${outboxId}-${job.orderId}`, data: { ...job, outboxId } };
}

const lostMax = 1_000;

/**
 * Puts refunds that are not done back into their queue, a thousand at a time in turn: whatever Redis has
 * lost is there again, and what it has stays as it is.
 */
export function lostRefunds(parts: {
  store: Pick<Store, 'outbox'>;
  refunds: JobQueue<RefundJob>;
}): () => Promise<void> {
  const { store, refunds } = parts;
  let after = 0;
  return async () => {
    if (!refunds.ready()) return;
    const rows = await store.outbox.refundsAfter(after, lostMax);
    const jobs = rows.map(asQueued);
    if (jobs.length > 0) await refunds.add(jobs);
    after = rows.length < lostMax ? 0 : (rows.at(-1)?.id ?? 0);
  };
}

function asQueued({ id, payload }: OutboxJob) {
  return queuedRefund(id, refundJobSchema.parse(payload));
}

export type RefundOutcome = 'refunded' | 'not-paid';

type RefundSender = (job: RefundJob) => Promise<RefundOutcome>;

/**
 * One refund of many; its row in the outbox goes once it is done. Rejects where it should be tried
 * again; a second run has no effect.
 */
export function refundSender(checkouts: Checkouts, store: Pick<Store, 'outbox'>): RefundSender {
  const refund = refundAt(checkouts);
  return async (job) => {
    const outcome = await refund(job);
    if (job.outboxId !== undefined) await store.outbox.drop([job.outboxId]);
    return outcome;
  };
}

function refundAt(checkouts: Checkouts): RefundSender {
  return async ({ orderId, actor, reason }) => {
    const reply = await checkouts.refund(orderId, { actor, reason });
    switch (reply.kind) {
      case 'refunded':
        return 'refunded';
      case 'unknown':
      case 'refused':
        return 'not-paid';
      case 'unavailable':
        throw new Error('no checkout answers', { cause: reply.cause });
    }
  };
}

export type RefundAll = (
  caller: Caller,
  saleId: string,
  wish: RefundWish,
  expected: Precondition,
) => Promise<number>;

/**
 * Orders a refund of every paid order of a closed sale, each as a job of its own; answers how many.
 * Ordered again, those that are still paid are ordered again; a checkout refunds each once. Throws `not-found`, `conflict`, `precondition-failed`.
 */
export function refundAll({ store }: { store: Store }): RefundAll {
  return async (caller, saleId, { reason = null, confirm }, expected) =>
    await store.transaction(async (rows) => {
      const sale = (await rows.sales.find(saleId, 'update')) ?? (await rows.sales.findKept(saleId));
      if (sale === null) throw new Problem('not-found', 'There is no such sale.');
      requireAsked(sale, { expected, confirm });
      if (sale.phase !== 'closed') {
        const detail = `The sale is ${sale.phase}: close it first, or its units are sold again.`;
        throw new Problem('conflict', detail);
      }
      const orders = await rows.outbox.addRefunds(saleId, { actor: caller.actor, reason });
      await rows.note({
        ...by(caller),
        action: 'orders.refunds-ordered',
        saleId,
        detail: { orders, reason },
      });
      return orders;
    });
}
