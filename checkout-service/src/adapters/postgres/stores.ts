import type { CheckoutHealth } from '@fairgate/shared/db/checkout-health.ts';
import { postgresLog } from '@fairgate/shared/log/postgres-log.ts';
import type { Log } from '../../app/log.ts';
import { limits } from '../../limits.ts';
import { postgresBackground } from './background-store.ts';
import { postgresBooks } from './books-store.ts';
import { claimSession, postgresClaims } from './claim-store.ts';
import { postgresLease } from './lease-store.ts';
import { postgresNoticeOptouts } from './notice-optouts.ts';
import { postgresOrders, postgresSales } from './order-store.ts';
import { postgresPayments } from './payment-store.ts';
import { makePool, type Pool } from './pool.ts';

export type PostgresPools = Record<
  'claims' | 'waiting' | 'questions' | 'orders' | 'background' | 'beats' | 'readings',
  Pool
>;

/** What Postgres keeps, as the use cases ask for it. */
export function postgresStores(
  pools: PostgresPools,
  options: { instance: string; withdrawable: readonly string[]; health: () => CheckoutHealth },
) {
  const { instance, withdrawable, health } = options;
  const { claims: batches, waiting, questions } = pools;
  const { paymentGraceSeconds } = limits;
  return {
    claims: postgresClaims({ batches, waiting, questions }),
    orders: postgresOrders({ ...pools, paymentGraceSeconds, withdrawable }),
    payments: postgresPayments({ ...pools, withdrawable }),
    background: postgresBackground(pools.background),
    beats: postgresLease(pools.beats, instance, health),
    books: postgresBooks(pools.background),
    sales: postgresSales(questions),
    // What everybody may read never keeps a shopper waiting: not by their connections.
    fairness: postgresLog(pools.readings.run),
    logs: postgresLog(pools.background.run),
    // Mail programs do it by the thousand, whenever they like.
    noticeOptouts: postgresNoticeOptouts(pools.readings),
  };
}

export type PostgresStores = ReturnType<typeof postgresStores>;

/** Each kind of work has its own connections, so that none can starve another (D12). */
export function postgresPools(
  options: { databaseUrl: string; instance: string; log: Log },
  serverGone: () => void,
): PostgresPools {
  const { databaseUrl: url, instance, log } = options;
  const pool = (
    name: string,
    connectionsMax: number,
    statementTimeoutMs: number,
    session: Record<string, string> = {},
  ) =>
    makePool({
      url,
      name: `${instance}-${name}`,
      connectionsMax,
      waitingMax: limits.poolWaitingMax,
      serverGone,
      statementTimeoutMs,
      session,
      log,
    });
  return {
    claims: pool('claims', limits.batchLanes, limits.claimStatementMs, {
      ...claimSession,
      lock_timeout: `${limits.claimLockMs}`,
    }),
    waiting: pool('waiting', 1, limits.claimStatementMs, {
      ...claimSession,
      lock_timeout: `${limits.secondPassLockMs}`,
    }),
    questions: pool('questions', 2, limits.statementMs),
    orders: pool('orders', 4, limits.statementMs),
    background: pool('background', 3, limits.statementMs),
    readings: pool('readings', 1, limits.statementMs),
    beats: pool('beats', 1, limits.beatStatementMs),
  };
}
