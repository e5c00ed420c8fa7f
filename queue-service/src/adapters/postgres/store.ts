import type { DatabaseClient } from '@fairgate/shared/db/client.ts';
import { ledger } from '@fairgate/shared/db/schema-records.ts';
import { sql } from 'drizzle-orm';
import type { Rows, Store } from '../../app/ports.ts';
import { banRows } from './ban-rows.ts';
import { type Executor, sqlState } from './executor.ts';
import { keyRows } from './key-rows.ts';
import { noticeRows, outboxRows } from './notice-rows.ts';
import { orderRows } from './order-rows.ts';
import { productRows } from './product-rows.ts';
import { saleReport } from './report.ts';
import { roomRows } from './room-rows.ts';
import { saleRows } from './sale-rows.ts';

/** Deadlock, serialization failure: Postgres chose this one to try again. */
const retryStates = ['40P01', '40001'];
const attemptsMax = 4;

export function postgresStore({ db }: DatabaseClient): Store {
  return {
    ...rowsOver(db),
    transaction: (work) => retried(() => db.transaction((tx) => work(rowsOver(tx)))),
    snapshot: (work) =>
      retried(() =>
        db.transaction((tx) => work(rowsOver(tx)), { isolationLevel: 'repeatable read' }),
      ),
    async ping() {
      await db.execute(sql`select 1`);
    },
  };
}

function rowsOver(db: Executor): Rows {
  return {
    products: productRows(db),
    sales: saleRows(db),
    rooms: roomRows(db),
    keys: keyRows(db),
    bans: banRows(db),
    orders: orderRows(db),
    notices: noticeRows(db),
    outbox: outboxRows(db),
    async note(entry) {
      await db.insert(ledger).values(entry);
    },
    report: (saleId) => saleReport(db, saleId),
  };
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attemptsMax || !retryStates.includes(sqlState(error) ?? '')) throw error;
    }
  }
}
