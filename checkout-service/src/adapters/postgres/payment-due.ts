import { z } from 'zod';
import type { PaymentJob, PaymentJobRow } from '../../app/ports.ts';
import { unansweredFailure } from '../../domain/payment-rules.ts';
import { limits } from '../../limits.ts';
import type { Sql } from './pool.ts';

const jobSchema: z.ZodType<PaymentJob> = z.object({
  kind: z.enum(['refund', 'late', 'look', 'withdraw']),
  paymentId: z.string().min(1).max(100),
});
const outboxSchema = z.array(z.object({ id: z.number(), payload: z.unknown() }));

/**
 * Hands the oldest payment jobs of the outbox over, and deletes them once that went; what cannot be
 * read is set aside, and its ids told. Rows that another instance is at are skipped.
 */
export async function relayPaymentJobs(
  sql: Sql,
  limit: number,
  handOver: (jobs: PaymentJobRow[], unreadable: number[]) => Promise<void>,
): Promise<number> {
  return await sql.begin(async (tx) => {
    const rows = outboxSchema.parse([
      ...(await tx`
        select id, payload from outbox where topic = 'payment'
        order by id limit ${limit} for update skip locked`),
    ]);
    if (rows.length === 0) return 0;
    const jobs = rows.flatMap(({ id, payload }) => {
      const job = jobSchema.safeParse(payload);
      return job.success ? [{ id, job: job.data }] : [];
    });
    const read = jobs.map(({ id }) => id);
    const unreadable = rows.map(({ id }) => id).filter((id) => !read.includes(id));
    await handOver(jobs, unreadable);
    await tx`update outbox set topic = 'refused' where id = any(${unreadable}::bigint[])`;
    await tx`delete from outbox where id = any(${read}::bigint[])`;
    return rows.length;
  });
}

export type DueKind = 'refund' | 'withdraw';

/** What is left to do stands in the state: in words, not a parameter, for `payments_due`. */
const isDue = (sql: Sql, kind: DueKind) =>
  kind === 'refund' ? sql`state = 'refunding'` : sql`state = 'withdrawing'`;

/** Pauses between tries double up to this: a provider that refuses is not asked every moment. */
const pauseSecondsMax = 600;

/** `updated_at` tells of the last attempt: the longest untried come first, on every instance. */
export async function takeDue(sql: Sql, kind: DueKind, graceSeconds: number, limit: number) {
  return await sql`
    with due as materialized (
      select id from payments
      where ${isDue(sql, kind)} and updated_at <= now() - make_interval(secs =>
        greatest(${graceSeconds}, sign(tries) * least(${pauseSecondsMax}, 2 ^ least(tries, 10))))
      order by updated_at limit ${limit} for update skip locked
    )
    update payments p set updated_at = now(), tries = p.tries + 1
    from due where p.id = due.id returning p.*`;
}

/** `updated_at` stays: it tells since when the money waits, which is bounded. */
export async function lateOnes(sql: Sql, graceSeconds: number, limit: number) {
  return await sql`
    select * from payments
    where state = 'late' and updated_at <= now() - make_interval(secs => ${graceSeconds})
    order by updated_at limit ${limit}`;
}

/**
 * A payment under way is asked about after a quarter of its age: the older it is, the longer its
 * shopper takes. One without an answer is asked about again after as long as it has been asked
 * about already: about 14 times in the day until it is given up. In the words of the index
 * `payments_silent`.
 */
export async function takeSilent(sql: Sql, seconds: number, limit: number) {
  return await sql`
    with due as materialized (
      select id from payments
      where updated_at < now() - make_interval(secs => ${seconds})
        and coalesce(state = 'processing'
          or (state = 'failed' and failure = ${unansweredFailure} and reference is null), false)
        and case when state = 'processing'
          then now() - updated_at > least(
            make_interval(secs => ${limits.paymentSilenceSecondsMax}), (now() - created_at) / 4)
          else created_at > now() - interval '24 hours'
            and now() - updated_at > updated_at - created_at end
      order by updated_at limit ${limit} for update skip locked
    )
    update payments p set updated_at = now() from due where p.id = due.id returning p.*`;
}

/** One payment for its job, if there is still something to do; it counts as an attempt. */
export async function takeUp(sql: Sql, paymentId: string, kind: DueKind | 'look') {
  if (kind !== 'look') {
    return await sql`
      update payments set updated_at = now(), tries = tries + 1
      where id = ${paymentId} and ${isDue(sql, kind)} returning *`;
  }
  return await sql`
    update payments set updated_at = now()
    where id = ${paymentId} and (state = 'processing'
      or (state = 'failed' and failure = ${unansweredFailure} and reference is null))
    returning *`;
}
