import type { Clock } from '@fairgate/shared/clock.ts';
import { keptMs, pendingMsMax } from '../domain/webhook-retries.ts';
import { ledgerWatch } from './ledger-watch.ts';
import type { JobQueue, Log, Store } from './ports.ts';
import type { WebhookFeed } from './webhook-ports.ts';

/** A job of the queue: something is due for an endpoint. Whoever has it sends all of it. */
export type WebhookJob = { kind: 'webhooks'; webhookId: string };

type Parts = {
  store: Store;
  feed: WebhookFeed;
  queue: JobQueue<WebhookJob>;
  clock: Clock;
  log: Log;
  /** For how long an open transaction has held the ledger up; 0: none does. */
  onHeld(seconds: number): void;
};

export type WebhookKeeper = {
  /** `ledger → events and deliveries`. */
  tell(): Promise<void>;
  /** `deliveries that are due → a job for each endpoint`. */
  hand(): Promise<void>;
  /** `stock → ledger`: sales that are sold out, or are so no more. */
  watchStock(): Promise<void>;
  /** Gives up what is too old to be of use, and deletes what is kept no longer or is nobody's. */
  tidy(): Promise<void>;
};

/** A pass is over before its timer gives it up; the next one goes on. */
const passMsMax = 5_000;

/** Any number of instances may do each of these at once. */
export function webhookKeeper(parts: Parts): WebhookKeeper {
  const { store, feed, queue, clock, log } = parts;
  const watch = ledgerWatch({ ...parts, now: clock.now });
  return {
    async tell() {
      const endMs = performance.now() + passMsMax;
      for (let isMore = true; isMore && performance.now() < endMs; ) {
        const told = await feed.tellNext(clock.now());
        watch(told.kind === 'held' ? told.by : null);
        isMore = told.kind === 'more';
      }
    },
    async hand() {
      if (!queue.ready()) return;
      const due = await store.webhooks.due(clock.now());
      // By this id an endpoint has one job at a time, so that its bound is one for all instances.
      const jobs = due.map((webhookId) => {
        return { jobId: webhookId, data: { kind: 'webhooks' as const, webhookId } };
      });
      if (jobs.length > 0) await queue.add(jobs);
    },
    async watchStock() {
      const turns = await feed.turns();
      for (const { id, phase, soldOut } of await store.sales.rooms(null)) {
        if (phase !== 'open' && phase !== 'paused') continue;
        const told = turns.get(id) ?? 0;
        if ((told % 2 === 1) !== soldOut) await feed.turn(id, told);
      }
    },
    async tidy() {
      const now = clock.now();
      const givenUp = await store.webhooks.giveUp(now - pendingMsMax);
      if (givenUp > 0) log.warn({ givenUp }, 'webhooks that waited for too long were given up');
      await store.webhooks.drop(now - keptMs);
      // The next pass, of whichever instance, goes on where this one ends.
      const endMs = performance.now() + passMsMax;
      while ((await store.webhooks.clear()) > 0 && performance.now() < endMs);
    },
  };
}
