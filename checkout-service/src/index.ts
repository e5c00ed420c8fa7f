import { systemClock } from '@fairgate/shared/clock.ts';
import type { CheckoutHealth } from '@fairgate/shared/db/checkout-health.ts';
import { stockShards } from '@fairgate/shared/db/schema.ts';
import { randomnessFrom } from '@fairgate/shared/draw/randomness.ts';
import type { NoticeKeys } from '@fairgate/shared/notices/unsubscribing.ts';
import type { RedisPlace } from '@fairgate/shared/redis/place.ts';
import { verifyProof } from '@fairgate/shared/token/dpop.ts';
import type { PublicJwks } from '@fairgate/shared/token/jwks.ts';
import { verifyPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { purchaseKeys } from '@fairgate/shared/token/purchase-keys.ts';
import { prometheusMetrics } from './adapters/metrics.ts';
import { connectPaymentQueue, type PaymentQueueConnection } from './adapters/payment-queue.ts';
import { postgresPools, postgresStores } from './adapters/postgres/stores.ts';
import { connectRoom } from './adapters/redis-reports.ts';
import { stripeAmount } from './adapters/stripe-intents.ts';
import { cachedSales } from './app/cached-sales.ts';
import { type Capacity, measuredCapacity } from './app/capacity.ts';
import { makeClaims } from './app/claims.ts';
import { healthOf } from './app/health.ts';
import type { Log } from './app/log.ts';
import type { Loop } from './app/loop.ts';
import type { CheckoutMetrics } from './app/metrics.ts';
import { minuteCount } from './app/minute-count.ts';
import { makeOrderKeys } from './app/order-keys.ts';
import { makePaymentJobs } from './app/payment-jobs.ts';
import { makePayments } from './app/payments.ts';
import type { PaymentProvider } from './app/provider-ports.ts';
import { makeRedeem } from './app/redeem.ts';
import { makeTakeReport } from './app/reported.ts';
import type { RoomReports } from './app/room-ports.ts';
import { makeStockPicture } from './app/stock-picture.ts';
import { makeTimeBack, type TimeBack } from './app/time-back.ts';
import { systemTimers } from './app/timers.ts';
import { makeTurns } from './app/turns.ts';
import { makeWatch } from './app/watch.ts';
import { makeClaimBatcher } from './claim-batcher.ts';
import { checkoutApp } from './http/app.ts';
import { redemptionRoute } from './http/redemptions.ts';
import { limits } from './limits.ts';
import { startRounds } from './rounds.ts';

export type ServiceOptions = {
  instance: string;
  databaseUrl: string;
  roomRedis: RedisPlace;
  publicOrigins: readonly string[];
  purchaseJwks: PublicJwks;
  jwksUrl: string | undefined;
  orderKeySecret: string;
  /** Verify the links that end notices. */
  noticeKeys: NoticeKeys;
  /** Where payment jobs wait; without it the sweep does them. */
  jobsRedisUrl?: string | undefined;
  /** What the queue service shows; without it nobody may refund. */
  internalKey?: string | undefined;
  providers: readonly PaymentProvider[];
  /** Of Stripe: with it the order page has Stripe's form. */
  stripePublishableKey?: string | undefined;
  log: Log;
};

export type Service = {
  fetch: ReturnType<typeof checkoutApp>['fetch'];
  /** Starts the background loops; several instances may run them. */
  startLoops(): void;
  /** Connections whose library has lost its state are thrown away. */
  renewConnections(why: string): void;
  /** Ends streams and loops; requests under way may finish before `close`. */
  stopping(): void;
  close(): Promise<void>;
};

/** One checkout instance, wired, without its server: main.ts and tests serve it. */
export function makeService(options: ServiceOptions): Service {
  const { log } = options;
  const renewConnections = (why: string) => {
    for (const pool of Object.values(pools)) pool.renew(why);
  };
  const pools = postgresPools(options, () => renewConnections('the server ends its connections'));
  const errors = minuteCount(now);
  const capacity = measuredCapacity(() => performance.now());
  const stores = makeStores(pools, options, () => healthOf(options.providers, errors, capacity));
  const room = connectRoom(options.roomRedis, (error) => {
    log.warn({ err: error }, 'the room’s Redis cannot be reached; shoppers go on');
  });
  const stop = new AbortController();
  const cases = makeCases(options, stores, room.room, capacity);
  const jobs = options.providers.length > 0 ? makeJobs(options, stores, room.room, cases) : null;
  const app = checkoutApp({
    ...cases,
    ...httpParts(options, stores, cases),
    stopping: stop.signal,
  });
  let loops: Loop[] = [];
  return {
    async fetch(...asked) {
      const answer = await app.fetch(...asked);
      if (answer.status >= 500) errors.note();
      return answer;
    },
    startLoops() {
      const store = stores.background;
      const { beats, books, logs, orders } = stores;
      const parts = { ...cases, jobs: jobs?.jobs ?? null, orders, store, beats, books, logs };
      const randomness = randomnessFrom(fetch, now);
      loops = startRounds({ ...parts, room: room.room, randomness, log, now });
      if (jobs) jobs.connection?.start(jobs.jobs.work);
    },
    renewConnections,
    stopping: () => stop.abort(),
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await jobs?.connection?.close();
      room.close();
      await Promise.all(Object.values(pools).map((pool) => pool.close()));
    },
  };
}

const { now } = systemClock;

const outage = { remainSeconds: limits.outageRemainSeconds, secondsMax: limits.outageSecondsMax };

function makeStores(
  pools: ReturnType<typeof postgresPools>,
  { instance, providers }: Pick<ServiceOptions, 'instance' | 'providers'>,
  health: () => CheckoutHealth,
) {
  const withdrawable = providers.filter((it) => it.withdraw).map(({ name }) => name);
  const stores = postgresStores(pools, { instance, withdrawable, health });
  const sales = cachedSales(stores.sales, {
    freshMs: limits.catalogueMs,
    staleMs: limits.catalogueStaleMs,
    patienceMs: limits.cataloguePatienceMs,
    timers: systemTimers,
  });
  return { ...stores, sales };
}

type Stores = ReturnType<typeof makeStores>;

function makeCases(options: ServiceOptions, stores: Stores, room: RoomReports, capacity: Capacity) {
  const { log } = options;
  const { claims, orders, sales } = stores;
  const metrics = prometheusMetrics(() => ({
    queueDepth: () => batcher.depth().waiting,
    secondPassWaiting: () => secondPass.waiting(),
    batchesUnderWay: () => batcher.depth().underWay,
    watchers: () => watch.count(),
    breakers: () => payments.providers(),
  }));
  const timers = systemTimers;
  const { claimBatch, secondPass } = makeClaims({
    claims,
    orders,
    log,
    timers,
    secondPass: { msMax: limits.secondPassMsMax, waitingMax: limits.secondPassWaitingMax },
  });
  const batcher = makeClaimBatcher(claimBatch, metrics, capacity);
  const watch = makeWatch({ orders, watchersMax: limits.watchersMax });
  const stockPicture = makeStockPicture({ store: stores.background, room, now });
  const payments = makePayments({
    providers: options.providers,
    payments: stores.payments,
    metrics,
    log,
    outage,
    requestMsMax: limits.paymentRequestMsMax,
    withdrawMsMax: limits.paymentWithdrawMsMax,
    now,
    stockChanged: stockPicture.changed,
  });
  for (const provider of options.providers) {
    provider.onCall((call) => metrics.providerCall(provider.name, call));
  }
  const keys = purchaseKeys(options.purchaseJwks, options.jwksUrl, (err) =>
    log.warn({ err }, 'the published keys of purchase tokens are away'),
  );
  const verify = (token: string) => verifyPurchaseToken(token, keys, now());
  const { publicOrigins: origins } = options;
  const timeBack = makeTimes(room, metrics);
  const redeem = makeRedeem({
    timeBack,
    verify,
    verifyProof: (proof, token, jkt) =>
      verifyProof(proof, { ...redemptionRoute, origins, token, jkt, nowMs: now() }),
    batcher,
    turns: makeTurns({
      waitingMax: limits.sameTokenMax,
      waitMsMax: limits.sameTokenMsMax,
      timers,
    }),
    secondPass,
    claims,
    orders,
    sales,
    metrics,
    shards: stockShards,
    underWayMax: limits.redemptionsUnderWayMax,
    writtenWithinMs: limits.redemptionMsMax,
    idempotencyMs: limits.idempotencyMs,
    now,
  });
  const store = stores.background;
  const takeReport = makeTakeReport({ verify, redeem, claims, orders, store, room, log });
  return { metrics, watch, stockPicture, payments, redeem, takeReport, timeBack };
}

function makeTimes(room: RoomReports, metrics: CheckoutMetrics): TimeBack {
  const bounds = {
    quietMs: limits.faultQuietMs,
    lastMomentMs: limits.faultLastMomentMs,
    slowMs: limits.faultSlowMs,
    extraMs: limits.faultExtraMs,
  };
  const { faultsMax: troublesMax, faultCallsMax: callsMax } = limits;
  return makeTimeBack({ room, metrics, bounds, troublesMax, callsMax, now });
}

/** Payment jobs: through their queue where there is one, and by the sweep in any case. */
function makeJobs(
  { providers, log, instance, jobsRedisUrl: url }: ServiceOptions,
  { payments }: Stores,
  room: RoomReports,
  { metrics, stockPicture }: ReturnType<typeof makeCases>,
) {
  const onAttempt = metrics.paymentJob;
  const connection: PaymentQueueConnection | null =
    url === undefined ? null : connectPaymentQueue({ url, name: instance, log, onAttempt });
  const jobs = makePaymentJobs({
    providers,
    payments,
    room,
    queue: connection?.queue ?? null,
    metrics,
    log,
    silenceSeconds: limits.paymentSilenceSeconds,
    outage,
    lateWaitSeconds: limits.lateWaitSeconds,
    graceSeconds: limits.jobGraceSeconds,
    relayMax: limits.jobRelayMax,
    sweepMax: limits.jobSweepMax,
    eventDays: limits.eventKeepDays,
    eventsMax: limits.eventForgetMax,
    stockChanged: stockPicture.changed,
  });
  return { jobs, connection };
}

function httpParts(
  options: ServiceOptions,
  stores: Stores,
  { metrics, stockPicture }: ReturnType<typeof makeCases>,
) {
  return {
    orders: stores.orders,
    orderTurns: makeTurns({
      waitingMax: limits.sameOrderMax,
      waitMsMax: limits.sameOrderMsMax,
      timers: systemTimers,
    }),
    lastPayment: stores.payments.latest,
    orderKeys: makeOrderKeys(options.orderKeySecret),
    internalKey: options.internalKey,
    stripeForm:
      options.stripePublishableKey === undefined
        ? null
        : { publishableKey: options.stripePublishableKey, amountOf: stripeAmount },
    sales: stores.sales,
    fairness: stores.fairness,
    noticeKeys: options.noticeKeys,
    noticeOptouts: stores.noticeOptouts,
    heartbeatMs: limits.heartbeatMs,
    settledStreamMs: limits.settledStreamMs,
    changed(change: string, saleId: string) {
      metrics.orderChanged(change, 1);
      stockPicture.changed(saleId);
    },
    ready: stores.background.ping,
    publicOrigins: options.publicOrigins,
    instance: options.instance,
    log: options.log,
  };
}
