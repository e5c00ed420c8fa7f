import { makeDrawing } from '@fairgate/shared/draw/drawing.ts';
import type { Randomness } from '@fairgate/shared/draw/randomness.ts';
import type { PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { makeDraws } from './app/draws.ts';
import { makeLease } from './app/lease.ts';
import type { Log } from './app/log.ts';
import { type Loop, startLoop } from './app/loop.ts';
import type { CheckoutMetrics } from './app/metrics.ts';
import type { PaymentJobs } from './app/payment-jobs.ts';
import type { OrderStore } from './app/ports.ts';
import { makeReconciler } from './app/reconciler.ts';
import { makeRelay } from './app/relay.ts';
import type { BackgroundStore, BooksStore, LeaseStore, RoomReports } from './app/room-ports.ts';
import { makeSettlement } from './app/settlement.ts';
import type { StockPicture } from './app/stock-picture.ts';
import { makeSweeper } from './app/sweeper.ts';
import type { TimeBack } from './app/time-back.ts';
import type { Watch } from './app/watch.ts';
import { limits } from './limits.ts';

export type RoundsOptions = {
  orders: Pick<OrderStore, 'sweep'>;
  store: BackgroundStore;
  beats: LeaseStore;
  books: BooksStore;
  logs: PostgresLog;
  randomness: Randomness;
  room: RoomReports;
  /** Null where no payment provider is set. */
  jobs: PaymentJobs | null;
  timeBack: Pick<TimeBack, 'round'>;
  watch: Watch;
  stockPicture: StockPicture;
  metrics: CheckoutMetrics;
  log: Log;
  now(): number;
};

/** What an instance does by itself; any number of instances may do it side by side. */
export function startRounds(options: RoundsOptions): Loop[] {
  const { store, room, jobs, metrics, log, stockPicture, now } = options;
  const start = (
    name: string,
    everyMs: number,
    round: () => Promise<'again' | 'done'>,
    steady = false,
  ) => startLoop({ name, everyMs, steady, log, metrics, round });
  const relay = makeRelay({
    store,
    room,
    metrics,
    log,
    batchMax: limits.relayMax,
    keepSeconds: limits.reportKeepSeconds,
    now,
  });
  const { lapseAfterMs, lapseMax: batchMax } = limits;
  const settlement = makeSettlement({ store, room, lapseAfterMs, batchMax });
  const sweep = makeSweeper({
    orders: options.orders,
    metrics,
    log,
    batchMax: limits.sweepMax,
    stockChanged: stockPicture.changed,
    now,
  });
  const { leaseMs } = limits;
  const lease = makeLease({ store: options.beats, room, leaseMs, now: () => performance.now() });
  const reconcile = makeReconciler({
    store: options.books,
    room,
    metrics,
    log,
    page: limits.reconcilePage,
    stockChanged: stockPicture.changed,
    now,
  });
  const { logs, randomness } = options;
  const draws = makeDraws({
    store: logs,
    drawing: makeDrawing({ store: logs, room, randomness, now }),
    afterSeconds: limits.drawAfterSeconds,
    log,
  });
  return [
    start('draws', limits.drawEveryMs, draws),
    start('reconcile', limits.reconcileEveryMs, reconcile),
    start('lease', limits.leaseEveryMs, lease, true),
    start('watch', limits.watchEveryMs, options.watch.round),
    start('time-back', limits.faultEveryMs, options.timeBack.round),
    start('sweep', limits.sweepEveryMs, sweep),
    start('relay', limits.relayEveryMs, relay),
    start('outbox', limits.outboxEveryMs, () => measureOutbox(options)),
    start('settlement', limits.settleEveryMs, settlement),
    start('stock-picture', limits.pictureEveryMs, stockPicture.round),
    ...(jobs
      ? [
          start('payment-jobs', limits.jobRelayEveryMs, jobs.relay),
          start('payments', limits.refundEveryMs, jobs.sweep),
          start('provider-events', limits.eventForgetEveryMs, jobs.forget),
        ]
      : []),
  ];
}

async function measureOutbox({ store, metrics }: RoundsOptions): Promise<'done'> {
  for (const { topic, rows, ageSeconds } of await store.outbox()) {
    metrics.outbox(topic, rows, ageSeconds);
  }
  return 'done';
}
