import { checkoutHealthSchema } from '@fairgate/shared/db/checkout-health.ts';
import { orders } from '@fairgate/shared/db/schema.ts';
import { roomMinutes, roomSeconds } from '@fairgate/shared/db/schema-history.ts';
import { checkoutBeats } from '@fairgate/shared/db/schema-records.ts';
import { liveFiguresSchema } from '@fairgate/shared/live-figures.ts';
import { and, between, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { HistoryRows, LiveRows } from '../../app/live-ports.ts';
import type { Executor } from './executor.ts';
import { saleProductRecords } from './product-rows.ts';
import { saleRows } from './sale-rows.ts';

const heardWithinSeconds = 30;

export function liveRows(db: Executor): LiveRows {
  return {
    paidOrders: (saleId) =>
      db.$count(orders, and(eq(orders.saleId, saleId), eq(orders.state, 'paid'))),
    async units(saleId) {
      const sale = await saleRows(db).findKept(saleId);
      const products = await saleProductRecords(db, sale?.productIds ?? []);
      const sum = (state: 'free' | 'held' | 'sold') =>
        products.reduce((all, { counts }) => all + counts[state], 0);
      return { free: sum('free'), held: sum('held'), sold: sum('sold') };
    },
    async checkouts() {
      const rows = await db
        .select({
          instance: checkoutBeats.instance,
          health: checkoutBeats.health,
          age: sql<number>`greatest(0, extract(epoch from now() - ${checkoutBeats.at}))::int`,
        })
        .from(checkoutBeats)
        .where(sql`${checkoutBeats.at} > now() - ${heardWithinSeconds}::int * interval '1 second'`)
        .orderBy(checkoutBeats.instance);
      return rows.map(({ instance, health, age }) => {
        const { providers: _, ...told } = checkoutHealthSchema.parse(health);
        return { instance, ...told, ageSeconds: age };
      });
    },
  };
}

/** Rows that one statement drops. */
const pruneMax = 20_000;
const rowsSchema = z.array(z.object({ at: z.date(), figures: liveFiguresSchema }));

const tables = { second: roomSeconds, minute: roomMinutes };

export function historyRows(db: Executor): HistoryRows {
  return {
    async keep(figures) {
      if (figures.length === 0) return;
      const rows = figures.map((one) => ({ ...one, at: new Date(one.at) }));
      await db.insert(roomSeconds).values(rows).onConflictDoNothing();
    },
    async known(at) {
      const { saleId } = roomSeconds;
      const rows = await db
        .select({ saleId })
        .from(roomSeconds)
        .where(eq(roomSeconds.at, new Date(at)));
      return new Set(rows.map((row) => row.saleId));
    },
    async rollMinutes(now) {
      const minute = new Date(Math.floor(now / 60_000) * 60_000).toISOString();
      // Some minutes back, for those of an instance that was away.
      await db.execute(sql`
        insert into room_minutes (sale_id, at, figures)
        select distinct on (sale_id, date_trunc('minute', at)) sale_id, date_trunc('minute', at),
               figures
        from room_seconds
        where at < ${minute}::timestamptz and at >= ${minute}::timestamptz - interval '10 minutes'
        order by sale_id, date_trunc('minute', at), at desc
        on conflict do nothing`);
    },
    async prune(step, before) {
      const table = tables[step];
      const dropped = await db.execute(sql`
        delete from ${table} where (sale_id, at) in (
          select sale_id, at from ${table} where at < ${new Date(before).toISOString()}::timestamptz
          order by at limit ${pruneMax})`);
      return dropped.count;
    },
    async range(saleId, step, { from, to }, limit) {
      const table = tables[step];
      const rows = await db
        .select({ at: table.at, figures: table.figures })
        .from(table)
        .where(and(eq(table.saleId, saleId), between(table.at, new Date(from), new Date(to))))
        .orderBy(desc(table.at))
        .limit(limit);
      return rowsSchema
        .parse(rows)
        .map(({ at, figures }) => ({ at: at.getTime(), figures }))
        .reverse();
    },
  };
}
