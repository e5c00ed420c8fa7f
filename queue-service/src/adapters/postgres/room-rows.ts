import { orders, redemptions } from '@fairgate/shared/db/schema.ts';
import { roomCheckpoints } from '@fairgate/shared/db/schema-records.ts';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { RoomRows } from '../../app/ports.ts';
import type { Checkpoint, RoomSource } from '../../domain/room-source.ts';
import type { Executor } from './executor.ts';
import { saleProductRecords } from './product-rows.ts';
import { saleRows } from './sale-rows.ts';

export function roomRows(db: Executor): RoomRows {
  return {
    async holdOutbox() {
      // Waits for every transaction that has an outbox id and has not committed yet.
      await db.execute(sql`lock table outbox in share mode`);
    },
    source: (saleId) => source(db, saleId),
    async bought(saleId) {
      const { visitor, number, jti } = redemptions;
      const spent = and(eq(redemptions.saleId, saleId), eq(redemptions.kind, 'order'));
      return await db.select({ visitor, number, jti }).from(redemptions).where(spent);
    },
    async checkpoint(saleId) {
      return (await checkpoints(db, [saleId])).get(saleId) ?? null;
    },
    async saveCheckpoints(taken) {
      const rows = taken.map(({ saleId, checkpoint }) => {
        return { saleId, ...checkpoint, takenAt: new Date(checkpoint.takenAt) };
      });
      await db
        .insert(roomCheckpoints)
        .values(rows)
        .onConflictDoUpdate({
          target: roomCheckpoints.saleId,
          set: {
            next: sql`excluded.next`,
            frontier: sql`excluded.frontier`,
            outstanding: sql`excluded.outstanding`,
            counters: sql`excluded.counters`,
            takenAt: sql`excluded.taken_at`,
          },
          setWhere: sql`excluded.next >= ${roomCheckpoints.next}
            and excluded.taken_at > ${roomCheckpoints.takenAt}`,
        });
    },
  };
}

const sequencesSchema = z
  .array(z.object({ picture: z.coerce.number(), settled: z.coerce.number() }))
  .length(1);

const unitsOfOrder = sql<number>`(
  select coalesce(sum(quantity), 0)::int from order_lines where order_id = ${orders.id})`;

async function source(db: Executor, saleId: string): Promise<RoomSource | null> {
  // First: a picture with a higher version was read later. The sequence is null when untouched.
  const found = await db.execute(sql`
    select nextval('stock_picture_version') as picture,
           coalesce(pg_sequence_last_value('outbox_id_seq'), 0) as settled`);
  const [sequences] = sequencesSchema.parse([...found]);
  const sale = await saleRows(db).find(saleId);
  if (sale === null || sequences === undefined) return null;
  const unpaid = and(eq(orders.saleId, saleId), eq(orders.state, 'awaiting_payment'));
  const holding = await db
    .select({ jti: orders.jti, payBefore: orders.payBefore, units: unitsOfOrder })
    .from(orders)
    .where(unpaid);
  const spent = and(eq(redemptions.saleId, saleId), eq(redemptions.kind, 'order'));
  return {
    sale,
    products: await saleProductRecords(db, sale.productIds),
    checkpoint: (await checkpoints(db, [saleId])).get(saleId) ?? null,
    redeemed: await db.$count(redemptions, spent),
    holding: holding.map((order) => ({ ...order, payBefore: order.payBefore.getTime() })),
    settledFrom: sequences.settled,
    pictureVersion: sequences.picture,
  };
}

async function checkpoints(db: Executor, saleIds: string[]): Promise<Map<string, Checkpoint>> {
  const rows = await db
    .select()
    .from(roomCheckpoints)
    .where(inArray(roomCheckpoints.saleId, saleIds));
  return new Map(
    rows.map(({ saleId, takenAt, ...rest }) => [saleId, { ...rest, takenAt: takenAt.getTime() }]),
  );
}
