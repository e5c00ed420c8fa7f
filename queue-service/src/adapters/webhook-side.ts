import { systemClock } from '@fairgate/shared/clock.ts';
import { connectDatabase } from '@fairgate/shared/db/client.ts';
import type { Redis } from 'ioredis';
import type { Log } from '../app/ports.ts';
import { startTimer, type Timer } from '../app/timer.ts';
import { type WebhookJob, webhookKeeper } from '../app/webhook-feed.ts';
import { webhookLog } from '../app/webhook-log.ts';
import { type SealKeys, sealer } from '../app/webhook-secrets.ts';
import { type WebhookOutcome, webhookJobSchema, webhookSender } from '../app/webhook-sender.ts';
import { webhooks, webhooksMax } from '../app/webhooks.ts';
import { type Closable, jobQueue, jobWorker, whileNeeded } from './bullmq.ts';
import { postgresStore } from './postgres/store.ts';
import { webhookFeed } from './postgres/webhook-feed.ts';
import { webhookPost } from './webhook-post.ts';

/** A job whose process was killed is somebody else's after so long. */
const stalledMs = 10_000;

type Settings = { databaseUrl: string; webhookKeys: SealKeys; webhookPrivate: boolean };
type Parts = {
  /** Fails fast, and waits patiently. */
  jobsRedis: Redis;
  workRedis: Redis;
  metrics: { webhook(outcome: WebhookOutcome): void; ledgerHeld(seconds: number): void };
  /** Nothing more is sent once it is aborted. */
  stopping: { signal: AbortSignal };
  log: Log;
};

/** All of outgoing webhooks: what the API is given, and what runs by itself. */
export function webhookSide(config: Settings, parts: Parts) {
  const { jobsRedis, workRedis, metrics, log } = parts;
  const clock = systemClock;
  // Connections of its own: however much is sent, the rest of the service does not wait for one.
  const database = connectDatabase({
    url: config.databaseUrl,
    name: 'fairgate-queue-service:webhooks',
    connectionsMax: 4,
    statementTimeoutMs: 20_000,
  });
  const store = postgresStore(database);
  const { webhookPrivate: allowPrivate } = config;
  const seals = sealer(config.webhookKeys);
  const queue = jobQueue<WebhookJob>('fairgate-webhooks', jobsRedis, whileNeeded);
  const post = webhookPost({ allowPrivate });
  const feed = webhookFeed(database);
  const onHeld = metrics.ledgerHeld;
  const keeper = webhookKeeper({ store, feed, queue, clock, log, onHeld });
  const sending = {
    ...{ store, post, sealer: seals, clock, random: Math.random },
    onAttempt: metrics.webhook,
    log,
    stopping: parts.stopping.signal,
  };
  return {
    queue: queue.queue,
    api: {
      webhooks: webhooks({ store, clock, sealer: seals, allowPrivate }),
      webhookLog: webhookLog({ store, clock }),
    },
    begin: (): Closable =>
      jobWorker('fairgate-webhooks', workRedis, {
        schema: webhookJobSchema,
        run: webhookSender(sending),
        onDone: () => {},
        log,
        // One for each endpoint: whoever hangs holds up themselves alone.
        concurrency: webhooksMax,
        stalledMs,
      }),
    timers: (): Timer[] => [
      startTimer('webhook events', 500, keeper.tell, log),
      startTimer('webhooks due', 300, keeper.hand, log),
      startTimer('sold out', 1_000, keeper.watchStock, log),
      startTimer('webhook log', 60_000, keeper.tidy, log),
    ],
    async close() {
      post.close();
      await Promise.all([queue.close(), database.close()]);
    },
  };
}
