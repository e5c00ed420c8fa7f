import { orders, redemptions } from '@fairgate/shared/db/schema.ts';
import { logHeads } from '@fairgate/shared/db/schema-log.ts';
import { roomCheckpoints } from '@fairgate/shared/db/schema-records.ts';
import type { UsedUp } from '@fairgate/shared/room/room.ts';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { RoomRows } from '../../app/ports.ts';
import type { BoundingChange, Checkpoint, Loss, RoomSource } from '../../domain/room-source.ts';
import { appearanceRows } from './appearance-rows.ts';
import { drawRows } from './draw-rows.ts';
import type { Executor } from './executor.ts';
import { saleProductRecords } from './product-rows.ts';
import { revocationsOf, spentPassesOf } from './revocation-rows.ts';
import { saleRows } from './sale-rows.ts';

export function roomRows(db: Executor): RoomRows {
  return {
    async holdOutbox() {
      // Waits for every transaction that has an outbox id and has not committed yet.
      await db.execute(sql`lock table outbox in share mode`);
    },
    source: (saleId, need) => source(db, saleId, need),
    loss: (found) => loss(db, found),
    usedUp: (saleId) => usedUp(db, saleId),
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

async function source(
  db: Executor,
  saleId: string,
  need: 'beginning' | 'settings',
): Promise<RoomSource | null> {
  // First: a picture with a higher version was read later. The sequence is null when untouched.
  const found = await db.execute(sql`
    select nextval('stock_picture_version') as picture,
           coalesce(pg_sequence_last_value('outbox_id_seq'), 0) as settled`);
  const [sequences] = sequencesSchema.parse([...found]);
  const sale = await saleRows(db).find(saleId);
  if (sale === null || sequences === undefined) return null;
  // Thousands of orders, which a room that is there has heard of.
  const spent = need === 'beginning' ? await spentOf(db, saleId) : { redeemed: 0, holding: [] };
  return {
    sale,
    products: await saleProductRecords(db, sale.productIds),
    checkpoint: (await checkpoints(db, [saleId])).get(saleId) ?? null,
    ...spent,
    settledFrom: sequences.settled,
    pictureVersion: sequences.picture,
    logSeq: await logSeq(db, saleId),
    revocations: await revocationsOf(db, saleId),
    appearance: await appearanceRows(db).find(saleId),
    draw: sale.mode === 'lottery' ? await drawRows(db, '').find(saleId) : null,
  };
}

async function spentOf(db: Executor, saleId: string) {
  const unpaid = and(eq(orders.saleId, saleId), eq(orders.state, 'awaiting_payment'));
  const holding = await db
    .select({ jti: orders.jti, payBefore: orders.payBefore, units: unitsOfOrder })
    .from(orders)
    .where(unpaid);
  const spent = and(eq(redemptions.saleId, saleId), eq(redemptions.kind, 'order'));
  return {
    redeemed: await db.$count(redemptions, spent),
    holding: holding.map((order) => ({ ...order, payBefore: order.payBefore.getTime() })),
  };
}

async function logSeq(db: Executor, saleId: string): Promise<number> {
  const [head] = await db
    .select({ seq: logHeads.seq })
    .from(logHeads)
    .where(eq(logHeads.saleId, saleId));
  return head?.seq ?? 0;
}

async function loss(db: Executor, { sale, checkpoint }: RoomSource): Promise<Loss> {
  const [late] = await db.execute(sql`
    select coalesce(sum(l.quantity), 0)::int as units
    from orders o join order_lines l on l.order_id = o.id
    where o.sale_id = ${sale.id} and o.state = 'expired'
      and exists (select from payments p where p.order_id = o.id and p.state = 'late')`);
  return {
    usedUp: await usedUp(db, sale.id),
    lateUnits: z.number().parse(late?.units),
    passes: await spentPassesOf(db, sale.id),
    changes: await changesSince(db, sale.id, sale.version - (checkpoint?.counters.revision ?? 0)),
  };
}

async function usedUp(db: Executor, saleId: string): Promise<UsedUp[]> {
  const { visitor, jti, kind } = redemptions;
  const number = sql<number>`coalesce(${redemptions.place}, ${redemptions.number})::float8`;
  const ordinal = sql<number>`(
    row_number() over (partition by ${visitor}, ${kind} order by ${number}))::int`;
  const rows = await db
    .select({ visitor, number, jti, kind, ordinal })
    .from(redemptions)
    .where(eq(redemptions.saleId, saleId))
    .orderBy(number);
  return rows.map(({ kind, ...row }) => ({ ...row, state: kind === 'order' ? 'done' : 'expired' }));
}

const bound = z.number().optional().catch(undefined);
const changeSchema = z.object({
  admitPerMinute: bound,
  maxActive: bound,
  tokenSeconds: bound,
  maxUnitsPerShopper: bound,
});

/** Each version of a sale has one line at most here, so that these are the last ones, or more. */
async function changesSince(
  db: Executor,
  saleId: string,
  versions: number,
): Promise<BoundingChange[]> {
  const rows = await db.execute(sql`
    select coalesce(detail -> 'room', detail) as detail from ledger
    where sale_id = ${saleId} and action in ('room.changed', 'sale.changed')
    order by id desc limit ${Math.max(0, versions)}`);
  return z
    .array(z.object({ detail: changeSchema }))
    .parse([...rows])
    .map((row) => row.detail);
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
