import { type DefaultJobOptions, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { withDeadline } from '../app/deadline.ts';
import type { JobQueue, Log } from '../app/ports.ts';

export type QueueName =
  | 'fairgate-notices'
  | 'fairgate-refunds'
  | 'fairgate-webhooks'
  | 'fairgate-place-mails'
  | 'fairgate-pushes';
/** In braces, so that all of a queue's keys are in one slot of a cluster (FACTS.md). */
const prefix = '{fairgate}';

/** Some two minutes altogether, which outlasts a claim whose worker died. */
const attempts = 8;
const backoff = { type: 'exponential', delay: 1_000 };
const kept = { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 5_000 } };
const untilDone: DefaultJobOptions = { attempts, backoff, ...kept };
/** Of jobs that end themselves when it is too late for them; in this many attempts a week passes. */
export const untilTooLate: DefaultJobOptions = {
  attempts: 1_500,
  backoff: { type: 'patient' },
  ...kept,
};
/** Of what is owed to people: one that failed for weeks may come again, so its id is free then. */
export const untilRefunded: DefaultJobOptions = { ...untilTooLate, removeOnFail: true };
const patientPauseMsMax = 900_000;
/** A worker that is killed leaves its job to the next one, however often that happens. */
const stalledMax = 1_000;
const addDeadlineMs = 3_000;
const closeDeadlineMs = 1_500;

export type Closable = { close(): Promise<void> };
/** `queue` itself is for the page that shows the jobs. */
export type OpenQueue<Job> = JobQueue<Job> &
  Closable & {
    queue: Queue;
    /** Jobs that nobody has taken up yet, of priorities up to `upTo` (and without one). */
    waiting(upTo: number): Promise<number>;
  };

/** Of jobs that a timer puts again for as long as there is a need: their id is free at the end. */
export const whileNeeded: DefaultJobOptions = { removeOnComplete: true, removeOnFail: true };

/** `redis` fails fast: nothing waits for a Redis that is away. */
export function jobQueue<Job extends { kind: string }>(
  name: QueueName,
  redis: Redis,
  defaultJobOptions: DefaultJobOptions = untilDone,
): OpenQueue<Job> {
  const queue = new Queue(name, {
    connection: redis,
    prefix,
    skipVersionCheck: true,
    defaultJobOptions,
  });
  // The connection's own changes are logged where it is made.
  queue.on('error', () => {});
  return {
    queue,
    ready: () => redis.status === 'ready',
    async add(jobs) {
      const rows = jobs.map(({ jobId, data, priority }) => {
        const opts = priority === undefined ? { jobId } : { jobId, priority };
        return { name: data.kind, data, opts };
      });
      await withDeadline(addDeadlineMs, queue.addBulk(rows));
    },
    async waiting(upTo) {
      const priorities = Array.from({ length: upTo + 1 }, (_, priority) => priority);
      const counts = await withDeadline(addDeadlineMs, queue.getCountsPerPriority(priorities));
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    close: () => withDeadline(closeDeadlineMs, queue.close()).catch(() => {}),
  };
}

type Work<Job, Outcome> = {
  schema: z.ZodType<Job>;
  run: (job: Job) => Promise<Outcome>;
  onDone: (outcome: Outcome | 'failed') => void;
  log: Log;
  /** Jobs at a time. */
  concurrency?: number;
  /** After so long a job whose worker died is somebody else's; looked for as often. */
  stalledMs?: number;
};

/** `redis` is patient. A job whose data cannot be read is not tried again. */
export function jobWorker<Job, Outcome>(
  name: QueueName,
  redis: Redis,
  { schema, run, onDone, log, concurrency = 5, stalledMs = 30_000 }: Work<Job, Outcome>,
): Closable {
  const worker = new Worker(
    name,
    async (job) => {
      const parsed = schema.safeParse(job.data);
      if (!parsed.success) throw new UnrecoverableError('the job cannot be read');
      return await run(parsed.data);
    },
    {
      connection: redis,
      prefix,
      concurrency,
      skipVersionCheck: true,
      lockDuration: stalledMs,
      stalledInterval: stalledMs,
      maxStalledCount: stalledMax,
      settings: { backoffStrategy: (attemptsMade) => patientPauseMs(attemptsMade, Math.random) },
    },
  );
  worker.on('completed', (_job, outcome: Outcome) => onDone(outcome));
  worker.on('failed', (job, error) => {
    onDone('failed');
    log.warn(
      { queue: name, jobId: job?.id, attempt: job?.attemptsMade, err: error },
      'a job failed',
    );
  });
  worker.on('error', () => {});
  // Jobs under way are waited for, but not while their Redis is away.
  return { close: () => withDeadline(closeDeadlineMs, worker.close()).catch(() => {}) };
}

/**
 * Doubles from a second to a quarter of an hour. Jittered over its upper half: what failed together,
 * thousands of it, does not come back together.
 */
export function patientPauseMs(attemptsMade: number, random: () => number): number {
  const longest = Math.min(patientPauseMsMax, 1_000 * 2 ** Math.min(attemptsMade - 1, 20));
  return Math.round(longest * (0.5 + random() / 2));
}
