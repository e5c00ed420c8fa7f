import type { DatabaseClient } from '@fairgate/shared/db/client.ts';
import { ledger } from '@fairgate/shared/db/schema-records.ts';
import { sql } from 'drizzle-orm';
import type { Rows, Store } from '../../app/ports.ts';
import { appearanceRows } from './appearance-rows.ts';
import { auditRows } from './audit-rows.ts';
import { banRows } from './ban-rows.ts';
import { drawRows } from './draw-rows.ts';
import { type Executor, sqlState } from './executor.ts';
import { importRows } from './import-rows.ts';
import { keyRows } from './key-rows.ts';
import { historyRows, liveRows } from './live-rows.ts';
import { noticeRows, outboxRows } from './notice-rows.ts';
import { onceRows } from './once-rows.ts';
import { orderRows } from './order-rows.ts';
import { placeRows } from './place-rows.ts';
import { productRows } from './product-rows.ts';
import { saleReport } from './report.ts';
import { revocationRows } from './revocation-rows.ts';
import { roomRows } from './room-rows.ts';
import { saleBooks } from './sale-books.ts';
import { saleRows } from './sale-rows.ts';
import { sessionRows } from './session-rows.ts';
import { webhookRows } from './webhook-rows.ts';

/** Deadlock, serialization failure: Postgres chose this one to try again. */
const retryStates = ['40P01', '40001'];
const attemptsMax = 4;

/** `randomnessUrl`: named to the lotteries that are made from now on; '' for none. */
export function postgresStore({ db }: DatabaseClient, randomnessUrl = ''): Store {
  const rowsOver = (executor: Executor) => allRows(executor, randomnessUrl);
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

function allRows(db: Executor, randomnessUrl: string): Rows {
  return {
    products: productRows(db),
    sales: saleRows(db),
    rooms: roomRows(db),
    draws: drawRows(db, randomnessUrl),
    appearances: appearanceRows(db),
    keys: keyRows(db),
    sessions: sessionRows(db),
    audit: auditRows(db),
    live: liveRows(db),
    history: historyRows(db),
    once: onceRows(db),
    bans: banRows(db),
    revocations: revocationRows(db),
    orders: orderRows(db),
    notices: noticeRows(db),
    places: placeRows(db),
    outbox: outboxRows(db),
    webhooks: webhookRows(db),
    async note(entry) {
      await db.insert(ledger).values(entry);
    },
    async noteAll(entries) {
      if (entries.length === 0) return;
      await db.execute(sql`
        insert into ledger
          (actor, address, action, sale_id, product_id, detail, before, after)
        select actor, address, action, "saleId", "productId",
          coalesce(detail, '{}'), before, after
        from jsonb_to_recordset(${JSON.stringify(entries)}::text::jsonb)
          as r(actor text, address text, action text, "saleId" text, "productId" text,
               detail jsonb, before jsonb, after jsonb)`);
    },
    imports: importRows(db),
    report: (saleId) => saleReport(db, saleId),
    books: (saleId) => saleBooks(db, saleId),
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
