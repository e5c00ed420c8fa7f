import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import type { Log } from '../app/log.ts';
import type { JobOutcome } from '../app/payment-jobs.ts';
import type { PaymentJob, PaymentJobRow, PaymentQueue } from '../app/ports.ts';

const queueName = 'fairgate-payments';
/** In braces, so that all of a queue's keys are in one slot of a cluster (FACTS.md). */
const prefix = '{fairgate}';
/** Some two minutes altogether; what is still undone then is the sweep's. */
const attempts = 8;
const backoff = { type: 'exponential', delay: 1_000 };
/** A provider that gave no answer is not asked at once: it may still be at it. */
const lookDelayMs = 5_000;
const addDeadlineMs = 3_000;
const closeDeadlineMs = 1_500;
/** Calls to providers under way at once, by instance. */
const concurrency = 4;

const jobSchema: z.ZodType<PaymentJob> = z.object({
  kind: z.enum(['refund', 'late', 'look', 'withdraw']),
  paymentId: z.string().min(1).max(100),
});

export type PaymentQueueOptions = {
  url: string;
  name: string;
  log: Log;
  /** What became of an attempt; `failed` is for good. */
  onAttempt(kind: PaymentJob['kind'], outcome: 'done' | 'again' | 'failed'): void;
};

export type PaymentQueueConnection = {
  queue: PaymentQueue;
  /** From here on this instance does jobs. */
  start(work: (job: PaymentJob) => Promise<JobOutcome>): void;
  close(): Promise<void>;
};

class NotYet extends Error {
  override readonly name = 'NotYet';
}

/** The queue of payment jobs in its own Redis, and a worker of it. Neither is needed to sell. */
export function connectPaymentQueue(options: PaymentQueueOptions): PaymentQueueConnection {
  const { url, name, log } = options;
  const redis = quickRedis(url, `${name}:jobs`, log);
  const queue = new Queue<PaymentJob>(queueName, {
    connection: redis,
    prefix,
    skipVersionCheck: true,
    defaultJobOptions: {
      attempts,
      backoff,
      removeOnComplete: { count: 1_000 },
      removeOnFail: { count: 5_000 },
    },
  });
  noteFaults(queue, log, 'the queue of payment jobs has a fault; the sweep goes on');
  let worker: Worker | undefined;
  let patient: Redis | undefined;
  return {
    queue: {
      ready: () => redis.status === 'ready',
      add: async (jobs) => {
        await withDeadline(addDeadlineMs, queue.addBulk(jobs.map(bullJob)));
      },
    },
    start(work) {
      // BullMQ's workers wait for their Redis (FACTS.md).
      patient = new Redis(url, { connectionName: `${name}:work`, maxRetriesPerRequest: null });
      noteFaults(patient, log, 'the jobs’ Redis cannot be reached; the sweep goes on');
      worker = startWorker(options, patient, work);
    },
    async close() {
      const closing = [worker?.close(), queue.close()];
      await withDeadline(closeDeadlineMs, Promise.all(closing)).catch(() => {});
      for (const connection of [redis, patient]) connection?.disconnect();
    },
  };
}

function startWorker(
  { log, onAttempt }: PaymentQueueOptions,
  connection: Redis,
  work: (job: PaymentJob) => Promise<JobOutcome>,
): Worker {
  const worker = new Worker<PaymentJob>(
    queueName,
    async (job) => {
      const parsed = jobSchema.safeParse(job.data);
      if (!parsed.success) throw new UnrecoverableError('the job cannot be read');
      const outcome = await work(parsed.data);
      if (outcome.kind === 'again') throw new NotYet(outcome.why, { cause: outcome.cause });
    },
    { connection, prefix, concurrency, skipVersionCheck: true },
  );
  worker.on('completed', (job) => onAttempt(job.data.kind, 'done'));
  worker.on('failed', (job, err) => {
    if (!job) return;
    const { paymentId, kind } = job.data;
    const fields = { jobId: job.id, job: kind, paymentId, attempt: job.attemptsMade, err };
    if (job.attemptsMade < attempts) {
      onAttempt(kind, 'again');
      log.warn(fields, 'a payment job has to wait');
    } else {
      onAttempt(kind, 'failed');
      log.error(fields, 'a payment job failed for good; the sweep goes on with it');
    }
  });
  noteFaults(worker, log, 'the worker of payment jobs has a fault');
  return worker;
}

/** One line a minute: a Redis that is away brings faults many times a second. */
function noteFaults(
  source: { on(event: 'error', listener: (err: Error) => void): unknown },
  log: Log,
  text: string,
): void {
  let notedAtMs = Number.NEGATIVE_INFINITY;
  source.on('error', (err) => {
    if (Date.now() - notedAtMs < 60_000) return;
    notedAtMs = Date.now();
    log.warn({ err }, text);
  });
}

/** Ids may hold no colon, nor be all digits (FACTS.md); the outbox row makes each its own. */
function bullJob({ id, job }: PaymentJobRow) {
  const delay = job.kind === 'look' ? { delay: lookDelayMs } : {};
  return { name: job.kind, data: job, opts: { jobId: `o${id}-${job.kind}`, ...delay } };
}

/** Fails fast: nothing waits for a Redis that is away, and nothing is sent twice (FACTS.md). */
function quickRedis(url: string, name: string, log: Log): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2_000,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(1_000, 50 * 2 ** attempt),
  });
  let away = false;
  redis.on('error', (err: Error) => {
    if (!away) log.warn({ err }, 'the jobs’ Redis cannot be reached; the sweep does its work');
    away = true;
  });
  redis.on('ready', () => {
    away = false;
  });
  return redis;
}

async function withDeadline<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
