import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { withDeadline } from '../app/deadline.ts';
import { type NoticeOutcome, noticeJobSchema } from '../app/notices.ts';
import type { JobQueue, Log, NoticeJob } from '../app/ports.ts';

const queueName = 'fairgate-notices';
/** In braces, so that all of a queue's keys are in one slot of a cluster (FACTS.md). */
const prefix = '{fairgate}';

/** Some two minutes altogether, which outlasts a claim whose worker died. */
const attempts = 8;
const backoff = { type: 'exponential', delay: 1_000 };
const addDeadlineMs = 3_000;
const closeDeadlineMs = 1_500;

export type Closable = { close(): Promise<void> };

/** `redis` fails fast: nothing waits for a Redis that is away. */
export function noticeQueue(redis: Redis): JobQueue & Closable {
  const queue = new Queue<NoticeJob>(queueName, {
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
  // The connection's own changes are logged where it is made.
  queue.on('error', () => {});
  return {
    ready: () => redis.status === 'ready',
    async add(jobs) {
      const rows = jobs.map(({ jobId, data }) => ({ name: data.notice, data, opts: { jobId } }));
      await withDeadline(addDeadlineMs, queue.addBulk(rows));
    },
    close: () => withDeadline(closeDeadlineMs, queue.close()).catch(() => {}),
  };
}

/** `redis` is patient. A job whose data cannot be read is not tried again. */
export function noticeWorker(
  redis: Redis,
  send: (job: NoticeJob) => Promise<NoticeOutcome>,
  onDone: (outcome: NoticeOutcome | 'failed') => void,
  log: Log,
): Closable {
  const worker = new Worker(
    queueName,
    async (job) => {
      const parsed = noticeJobSchema.safeParse(job.data);
      if (!parsed.success) throw new UnrecoverableError('the job cannot be read');
      return await send(parsed.data);
    },
    { connection: redis, prefix, concurrency: 5, skipVersionCheck: true },
  );
  worker.on('completed', (_job, outcome: NoticeOutcome) => onDone(outcome));
  worker.on('failed', (job, error) => {
    onDone('failed');
    log.warn({ jobId: job?.id, attempt: job?.attemptsMade, err: error }, 'a notice failed');
  });
  worker.on('error', () => {});
  // Jobs under way are waited for, but not while their Redis is away.
  return { close: () => withDeadline(closeDeadlineMs, worker.close()).catch(() => {}) };
}
