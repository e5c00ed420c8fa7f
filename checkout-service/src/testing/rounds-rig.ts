import { oneServer } from '@fairgate/shared/redis/place.ts';
import { postgresBackground } from '../adapters/postgres/background-store.ts';
import { postgresBooks } from '../adapters/postgres/books-store.ts';
import { postgresPayments } from '../adapters/postgres/payment-store.ts';
import { makePool } from '../adapters/postgres/pool.ts';
import { connectRoom } from '../adapters/redis-reports.ts';
import { placeLate } from '../app/late-money.ts';
import type { JobOutcome } from '../app/payment-jobs.ts';
import { makeReconciler } from '../app/reconciler.ts';
import { makeRelay } from '../app/relay.ts';
import { makeSettlement } from '../app/settlement.ts';
import { makeStockPicture } from '../app/stock-picture.ts';
import { limits } from '../limits.ts';
import { eventually } from './checkout-rig.ts';

const quiet = { info() {}, warn() {}, error() {} };

/** For tests: the rounds of an instance, made when the test says so, and what they counted. */
export type RoundsRig = {
  relay(): Promise<'again' | 'done'>;
  settle(): Promise<'again' | 'done'>;
  reconcile(): Promise<'done'>;
  /** Decides about money that came for an expired order. */
  late(paymentId: string): Promise<JobOutcome>;
  /** What follows a change: reports and the picture, until nothing is left. */
  follow(saleId: string): Promise<void>;
  differences: Record<string, number>;
  repaired: Record<string, number>;
  /** Since when every sale has been compared whole, in ms. */
  wholeSince(): number;
  close(): Promise<void>;
};

export async function makeRounds(databaseUrl: string, redisUrl: string): Promise<RoundsRig> {
  const { statementMs: statementTimeoutMs } = limits;
  const named = { url: databaseUrl, name: 'rounds', connectionsMax: 2, statementTimeoutMs };
  const pool = makePool({ ...named, log: quiet });
  const { room, close } = connectRoom(oneServer(redisUrl), () => {});
  const store = postgresBackground(pool);
  const differences: Record<string, number> = {};
  const repaired: Record<string, number> = {};
  const whole = { since: 0 };
  const metrics = {
    reports() {},
    payment() {},
    orderChanged() {},
    differences(kind: string, count: number) {
      differences[kind] = count;
    },
    reconciled(since: number) {
      whole.since = since;
    },
    repaired(kind: string, count: number) {
      repaired[kind] = (repaired[kind] ?? 0) + count;
    },
  };
  const now = () => Date.now();
  const picture = makeStockPicture({ store, room, now });
  const many = { log: quiet, batchMax: 500, keepSeconds: 900, now };
  const relay = makeRelay({ store, room, metrics, ...many });
  const settle = makeSettlement({ store, room, lapseAfterMs: 0, batchMax: 200 });
  const books = postgresBooks(pool);
  const stockChanged = picture.changed;
  const payments = postgresPayments({ orders: pool, background: pool, withdrawable: [] });
  const money = { payments, room, metrics, lateWaitSeconds: 60, stockChanged };
  const reconcile = makeReconciler({
    store: books,
    room,
    metrics,
    log: quiet,
    page: limits.reconcilePage,
    stockChanged,
    now,
  });
  await eventually(() =>
    room.settle('sale_none', []).then(
      () => true,
      () => false,
    ),
  );
  return {
    relay,
    settle,
    reconcile,
    late: (paymentId) => placeLate(money, paymentId),
    async follow(saleId) {
      while ((await relay()) === 'again');
      picture.changed(saleId);
      await eventually(async () => {
        const before = (await room.books(saleId, { orders: [], reports: [], from: 0, limit: 0 }))
          ?.stock;
        await picture.round();
        const after = (await room.books(saleId, { orders: [], reports: [], from: 0, limit: 0 }))
          ?.stock;
        return before?.get('version') !== after?.get('version');
      });
    },
    differences,
    repaired,
    wholeSince: () => whole.since,
    async close() {
      close();
      await pool.close();
    },
  };
}
