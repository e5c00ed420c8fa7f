import { outageFailure, type StoredPayment, unreachedFailure } from '../domain/payment-rules.ts';
import { placeLate } from './late-money.ts';
import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';
import { takeNews, withdraw } from './payment-news.ts';
import type { OutageBounds, PaymentJob, PaymentQueue, PaymentStore } from './ports.ts';
import type { PaymentProvider } from './provider-ports.ts';
import type { RoomReports } from './room-ports.ts';

/** `again`: it did not go, and has to be tried later. */
export type JobOutcome = { kind: 'done' } | { kind: 'again'; why: string; cause?: unknown };

export type PaymentJobs = {
  /** Does one job. Doing it again has no further effect: what is left to do stands in Postgres. */
  work(job: PaymentJob): Promise<JobOutcome>;
  /** One round: jobs of the outbox -> the queue. */
  relay(): Promise<'again' | 'done'>;
  /** One round: what is due by Postgres, and whose job was lost, gave up, or never had a queue. */
  sweep(): Promise<'again' | 'done'>;
  /** One round: events of webhooks that are too old to come again. */
  forget(): Promise<'again' | 'done'>;
};

export type PaymentJobsOptions = {
  providers: readonly PaymentProvider[];
  payments: PaymentStore;
  room: Pick<RoomReports, 'promise'>;
  /** Null where there is no Redis for jobs: then the sweep does them all. */
  queue: PaymentQueue | null;
  metrics: CheckoutMetrics;
  log: Log;
  /** A payment without news for so long is asked about. */
  silenceSeconds: number;
  /** How far a hold is made longer while its provider is away. */
  outage: OutageBounds;
  /** How long late money waits for a room that gives no answer. */
  lateWaitSeconds: number;
  /** How long the sweep leaves to the queue what has a job there. */
  graceSeconds: number;
  relayMax: number;
  sweepMax: number;
  /** For how long events are known again, and how many are forgotten at a time. */
  eventDays: number;
  eventsMax: number;
  stockChanged(saleId: string): void;
};

/** outbox row -> BullMQ job -> provider -> news, as if by webhook. Each step may run twice. */
export function makePaymentJobs(options: PaymentJobsOptions): PaymentJobs {
  const { payments, queue } = options;
  return {
    work: (job) => work(options, job),
    async relay() {
      // Not even begun while Redis is away, so that no transaction is held open for it.
      if (queue && !queue.ready()) return 'done';
      const relayed = await payments.relayJobs(options.relayMax, async (jobs, unreadable) => {
        for (const outboxId of unreadable) {
          options.metrics.paymentJob('unreadable', 'failed');
          options.log.error({ outboxId }, 'a payment job is not readable; it is set aside');
        }
        await queue?.add(jobs);
      });
      return relayed === options.relayMax ? 'again' : 'done';
    },
    sweep: () => sweep(options),
    async forget() {
      const { eventDays, eventsMax } = options;
      return (await payments.forgetEvents(eventDays, eventsMax)) === eventsMax ? 'again' : 'done';
    },
  };
}

function failed(cause: unknown): JobOutcome {
  return { kind: 'again', why: 'it failed', cause };
}

async function work(options: PaymentJobsOptions, job: PaymentJob): Promise<JobOutcome> {
  switch (job.kind) {
    case 'late':
      return await placeLate(options, job.paymentId);
    case 'refund': {
      const payment = await options.payments.takeUp(job.paymentId, 'refund');
      return payment ? await refund(options, payment) : { kind: 'done' };
    }
    case 'withdraw': {
      const payment = await options.payments.takeUp(job.paymentId, 'withdraw');
      return payment ? await endAtProvider(options, payment) : { kind: 'done' };
    }
    case 'look': {
      const payment = await options.payments.takeUp(job.paymentId, 'look');
      return payment ? await look(options, payment) : { kind: 'done' };
    }
  }
}

async function refund(options: PaymentJobsOptions, payment: StoredPayment): Promise<JobOutcome> {
  const { refundAttempt: attempt } = payment;
  const reply = await providerOf(options, payment)?.refund(payment);
  switch (reply?.kind) {
    case 'refunded':
      await takeNews(options, payment, { kind: 'refunded', attempt });
      return { kind: 'done' };
    case 'refused':
      await takeNews(options, payment, { kind: 'refund-failed', attempt });
      return { kind: 'again', why: 'the provider refused to give it back', cause: reply.cause };
    case 'unavailable':
    case undefined:
      return { kind: 'again', why: 'the provider gave nothing back', cause: reply?.cause };
  }
}

/** Nobody waits for the payment any more: its provider ends it, or tells how it ended. */
async function endAtProvider(
  options: PaymentJobsOptions,
  payment: StoredPayment,
): Promise<JobOutcome> {
  const reply = await withdraw(options, payment);
  switch (reply?.kind) {
    case 'news':
      return { kind: 'done' };
    case 'none':
      await options.payments.abandoned(payment.id, unreachedFailure, null);
      return { kind: 'done' };
    case 'processing':
      return { kind: 'again', why: 'the provider is at it still' };
    case 'unavailable':
    case undefined:
      return { kind: 'again', why: 'the provider gave no answer', cause: reply?.cause };
  }
}

/** Webhooks get lost, and processes die: then asking is the only way to know. */
async function look(options: PaymentJobsOptions, payment: StoredPayment): Promise<JobOutcome> {
  const { id } = payment;
  const reply = await providerOf(options, payment)?.look(payment);
  switch (reply?.kind) {
    case 'news':
      await takeNews(options, payment, reply.news);
      return { kind: 'done' };
    case 'none':
      await options.payments.abandoned(id, unreachedFailure, outageFailure);
      return { kind: 'done' };
    case 'processing':
      return { kind: 'done' };
    case 'unavailable':
    case undefined:
      if (payment.state === 'processing') await options.payments.untold(id, options.outage);
      return { kind: 'again', why: 'the provider gave no answer', cause: reply?.cause };
  }
}

function providerOf(options: PaymentJobsOptions, payment: StoredPayment) {
  return options.providers.find((provider) => provider.name === payment.provider);
}

async function sweep(options: PaymentJobsOptions): Promise<'again' | 'done'> {
  const { payments, queue, silenceSeconds, sweepMax, log } = options;
  const graceSeconds = queue === null ? 0 : options.graceSeconds;
  const attempt = async (kind: PaymentJob['kind'], id: string, run: () => Promise<JobOutcome>) => {
    // One that cannot be done must not keep the others from it.
    const outcome = await run().catch(failed);
    options.metrics.paymentJob(kind, outcome.kind === 'done' ? 'swept' : 'again');
    if (outcome.kind === 'done') return;
    log.warn(
      { paymentId: id, job: kind, why: outcome.why, err: outcome.cause },
      'a job has to wait',
    );
  };
  for (const { id } of await payments.late(graceSeconds, sweepMax)) {
    await attempt('late', id, () => placeLate(options, id));
  }
  for (const payment of await payments.due('refund', graceSeconds, sweepMax)) {
    await attempt('refund', payment.id, () => refund(options, payment));
  }
  for (const payment of await payments.due('withdraw', graceSeconds, sweepMax)) {
    await attempt('withdraw', payment.id, () => endAtProvider(options, payment));
  }
  for (const payment of await payments.silent(silenceSeconds, sweepMax)) {
    await attempt('look', payment.id, () => look(options, payment));
  }
  return 'done';
}
