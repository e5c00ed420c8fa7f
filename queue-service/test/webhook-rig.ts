import { onTestFinished, vi } from 'vitest';
import { jobQueue, jobWorker, whileNeeded } from '../src/adapters/bullmq.ts';
import { webhookFeed } from '../src/adapters/postgres/webhook-feed.ts';
import { failFastRedis, patientRedis } from '../src/adapters/redis.ts';
import { webhookPost } from '../src/adapters/webhook-post.ts';
import { type WebhookJob, webhookKeeper } from '../src/app/webhook-feed.ts';
import type { Post } from '../src/app/webhook-ports.ts';
import { webhookJobSchema, webhookSender } from '../src/app/webhook-sender.ts';
import { type Service, silent } from './fixture.ts';
import { testSealer } from './webhooks.ts';

/** As patient as a service is with receivers, but for these many ms. */
export const rigDeadlineMs = 1_000;

export type WebhookRig = Awaited<ReturnType<typeof webhookRig>>;

/** The webhooks of an instance, over a real queue; its timers are the test's. */
export async function webhookRig(
  service: Pick<Service, 'store' | 'database' | 'redisUrl' | 'clock' | 'call'>,
  { post, random = () => 0 }: { post?: Post; random?: () => number } = {},
) {
  const { store, clock, call } = service;
  const own = webhookPost({ allowPrivate: true, deadlineMs: rigDeadlineMs });
  const jobsRedis = failFastRedis(service.redisUrl, 'jobs', silent);
  const workRedis = patientRedis(service.redisUrl, 'work', silent);
  const queue = jobQueue<WebhookJob>('fairgate-webhooks', jobsRedis, whileNeeded);
  const stopping = new AbortController();
  const outcomes: string[] = [];
  const worker = jobWorker('fairgate-webhooks', workRedis, {
    schema: webhookJobSchema,
    run: webhookSender({
      store,
      clock,
      random,
      post: post ?? own,
      sealer: testSealer,
      onAttempt: (outcome) => outcomes.push(outcome),
      log: silent,
      stopping: stopping.signal,
    }),
    onDone: () => {},
    log: silent,
    concurrency: 20,
  });
  onTestFinished(async () => {
    stopping.abort();
    await worker.close();
    await queue.close();
    own.close();
    jobsRedis.disconnect();
    workRedis.disconnect();
  });
  await vi.waitFor(() => queue.ready() || Promise.reject(new Error('no Redis')));
  const feed = webhookFeed(service.database);
  const held: number[] = [];
  const onHeld = (seconds: number) => void held.push(seconds);
  const keeper = webhookKeeper({ store, feed, queue, clock, log: silent, onHeld });
  return {
    keeper,
    feed,
    held,
    queue,
    outcomes,
    /** What is due is sent until `reached` holds. */
    async until(reached: () => void | Promise<void>) {
      await vi.waitFor(
        async () => {
          await keeper.tell();
          await keeper.hand();
          await reached();
        },
        { timeout: 15_000, interval: 50 },
      );
    },
    async addHook(url: string, fields: object = {}) {
      const { status, body } = await call('POST', '/v1/webhooks', { url, ...fields });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return { id: String(body.id), secret: String(body.secret) };
    },
    async log(id: string, query = ''): Promise<Delivery[]> {
      const { body } = await call('GET', `/v1/webhooks/${id}/deliveries${query}`);
      return body.items as Delivery[];
    },
  };
}

type Delivery = {
  id: string;
  type: string;
  state: string;
  attempts: number;
  nextAttemptAt: string | null;
  response: string | null;
  tries: { status: number | null; error: string | null }[];
};
