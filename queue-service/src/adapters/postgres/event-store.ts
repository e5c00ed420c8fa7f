import type { EventSource } from '@fairgate/shared/db/schema-events.ts';
import type postgres from 'postgres';
import { z } from 'zod';
import type { DoorStep, EventStore, Progress } from '../../app/event-ports.ts';
import { dropDays, makeDays } from './event-days.ts';
import {
  blocksMax,
  type Fragment,
  insertEvents,
  ledgerRowsMax,
  logEvents,
  orderEvents,
} from './event-sources.ts';
import { sqlState } from './executor.ts';
import { ledgerHorizon } from './ledger-horizon.ts';

/** A batch that takes longer is undone, and tried again. */
const statementMsMax = 5_000;
/** Rows whose day is not made yet (PostgreSQL manual, 5.12): `no partition of relation`. */
const noPartition = '23514';
/** Days that one batch may still need. */
const daysMax = 400;
/** A door is read until so long after its sale was closed, as the log is. */
const closedSeconds = 36 * 3_600;
const salesMax = 1_000;

type Cursor = { source: EventSource; saleId: string };
/** What comes after a position: the rows, and how far they reach. Null: nothing. */
type Batch = { upTo: number; rows(sql: postgres.Sql | postgres.TransactionSql): Fragment };
type NextBatch = (tx: postgres.TransactionSql, after: number) => Promise<Batch | null>;

/** Errors are the connection's own; what had not been committed is done by the next call. */
export function eventStore(sql: postgres.Sql): EventStore {
  return {
    async keepDays(wanted, keepFrom) {
      await makeDays(sql, wanted);
      return { dropped: await dropDays(sql, keepFrom) };
    },
    writeOrders: (keepFrom) => writeOrders(sql, keepFrom),
    async salesBehind() {
      const rows = await sql`
        select h.sale_id as id from log_heads h
        left join event_cursors c on c.source = 'log' and c.sale_id = h.sale_id
        where h.seq > coalesce(c.position, 0) limit ${salesMax}`;
      return idsSchema.parse([...rows]).map(({ id }) => id);
    },
    writeLog: (saleId, keepFrom) =>
      advance(sql, { source: 'log', saleId }, (tx, after) => logBatch(tx, saleId, after, keepFrom)),
    doorCursors: () => readDoorCursors(sql),
    writeRefusals: (steps, at) => writeRefusals(sql, steps, at),
  };
}

const idsSchema = z.array(z.object({ id: z.string() }));
const position = z.coerce.number();
const positionSchema = z.array(z.object({ position }));
const upToSchema = z.array(z.object({ upTo: z.coerce.number().nullable() }));
const daysSchema = z.array(z.object({ day: z.iso.date() }));

async function positionOf(sql: postgres.Sql, { source, saleId }: Cursor): Promise<number> {
  const rows = await sql`
    select position from event_cursors where source = ${source} and sale_id = ${saleId}`;
  return positionSchema.parse([...rows])[0]?.position ?? 0;
}

/** Makes the days that the batch lacks, and tries it again. */
async function advance(sql: postgres.Sql, cursor: Cursor, next: NextBatch): Promise<Progress> {
  try {
    return await write(sql, cursor, next);
  } catch (error) {
    if (sqlState(error) !== noPartition) throw error;
    const batch = await sql.begin(async (tx) => next(tx, await positionOf(sql, cursor)));
    if (batch !== null) await makeDays(sql, await daysOf(sql, batch));
    return await write(sql, cursor, next);
  }
}

/** One transaction: the cursor's lock, the rows, the cursor. `done`: nothing more, or not by us. */
async function write(sql: postgres.Sql, cursor: Cursor, next: NextBatch): Promise<Progress> {
  const { source, saleId } = cursor;
  return await sql.begin(async (tx) => {
    await bound(tx);
    await tx`insert into event_cursors (source, sale_id) values (${source}, ${saleId})
      on conflict do nothing`;
    const held = positionSchema.parse([
      ...(await tx`
        select position from event_cursors where source = ${source} and sale_id = ${saleId}
        for update skip locked`),
    ])[0];
    // Another instance is at it.
    if (held === undefined) return 'done';
    const batch = await next(tx, held.position);
    if (batch === null) return 'done';
    await insertEvents(tx, batch.rows(tx));
    await tx`
      update event_cursors set position = ${batch.upTo}
      where source = ${source} and sale_id = ${saleId}`;
    return 'more';
  });
}

/** Rows and cursor are lost together, if at all: no commit has to wait for the disk. */
async function bound(tx: postgres.TransactionSql): Promise<void> {
  await tx.unsafe(`set local statement_timeout = ${statementMsMax}`);
  await tx.unsafe('set local synchronous_commit = off');
}

async function daysOf(sql: postgres.Sql, { rows }: Batch): Promise<string[]> {
  const found = await sql`
    select distinct (at at time zone 'UTC')::date::text as day from (${rows(sql)}) e
    limit ${daysMax}`;
  return daysSchema.parse([...found]).map(({ day }) => day);
}

async function logBatch(
  tx: postgres.TransactionSql,
  saleId: string,
  after: number,
  keepFrom: string,
): Promise<Batch | null> {
  const [found] = upToSchema.parse([
    ...(await tx`
      select max(last_seq) as "upTo" from (
        select last_seq from log_blocks where sale_id = ${saleId} and first_seq > ${after}::bigint
        order by first_seq limit ${blocksMax}) b`),
  ]);
  const upTo = found?.upTo ?? null;
  if (upTo === null) return null;
  return { upTo, rows: (sql) => logEvents(sql, { saleId, after, upTo, keepFrom }) };
}

const ledgerCursor: Cursor = { source: 'ledger', saleId: '' };

async function writeOrders(sql: postgres.Sql, keepFrom: string): Promise<Progress> {
  const horizon = await ledgerHorizon(sql, await positionOf(sql, ledgerCursor));
  if (horizon.kind === 'held') return 'done';
  return await advance(sql, ledgerCursor, async (tx, after) => {
    const [found] = upToSchema.parse([
      ...(await tx`
        select max(id) as "upTo" from (
          select id from ledger where id > ${after}::bigint and id <= ${horizon.upTo}::bigint
          order by id limit ${ledgerRowsMax}) l`),
    ]);
    const upTo = found?.upTo ?? null;
    if (upTo === null) return null;
    return { upTo, rows: (over) => orderEvents(over, { after, upTo, keepFrom }) };
  });
}

const doorSchema = z.array(
  z.object({
    saleId: z.string(),
    step: z.coerce.number(),
    known: z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(z.record(z.string(), z.number())),
  }),
);

async function readDoorCursors(sql: postgres.Sql) {
  const rows = await sql`
    select s.id as "saleId", coalesce(c.position, 0) as step,
      coalesce(c.counts, '{}')::text as known
    from sales s left join event_cursors c on c.source = 'door' and c.sale_id = s.id
    where s.deleted_at is null and (s.phase in ('scheduled', 'open', 'paused')
      or (s.phase = 'closed' and s.updated_at > now() - make_interval(secs => ${closedSeconds})))
    order by s.id desc limit ${salesMax}`;
  return doorSchema.parse([...rows]);
}

/** One statement: whoever read the same cursor later, or wrote first, leaves nothing for us. */
async function writeRefusals(
  sql: postgres.Sql,
  steps: readonly DoorStep[],
  at: Date,
): Promise<void> {
  const rows = steps.map(({ cursor, refusals }) => {
    const { saleId, step, known } = cursor;
    const sums = Object.entries(refusals).map(([name, more]) => [name, more + (known[name] ?? 0)]);
    return { saleId, step, refusals, counts: { ...known, ...Object.fromEntries(sums) } };
  });
  await makeDays(sql, [at.toISOString().slice(0, 10)]);
  await sql.begin(async (tx) => {
    await bound(tx);
    await tx`
      with next as materialized (
        select * from json_to_recordset(${JSON.stringify(rows)}::text::json)
          as s("saleId" text, step bigint, counts jsonb, refusals jsonb)
      ),
      moved as (
        insert into event_cursors as c (source, sale_id, position, counts)
        select 'door', n."saleId", n.step + 1, n.counts from next n order by n."saleId"
        on conflict (source, sale_id) do update
          set position = excluded.position, counts = excluded.counts
          where c.position = excluded.position - 1
        returning c.sale_id
      )
      insert into events (at, kind, sale_id, reason, count)
      select ${at.toISOString()}::timestamptz, 'refused', m.sale_id, r.key, r.value::int
      from moved m join next n on n."saleId" = m.sale_id, jsonb_each_text(n.refusals) r`;
  });
}
