import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { z } from 'zod';
import type { LedgerHolder } from '../../app/webhook-ports.ts';

/** Who writes to the ledger just now is waited for so long. */
const waitMsMax = 2_000;
const askMs = 20;

const lastSchema = z.tuple([z.object({ last: z.coerce.number() })]);
const writersSchema = z.array(z.object({ writer: z.string() }));
const holdersSchema = z.array(
  z.object({
    pid: z.number().nullable(),
    application: z.string().nullable(),
    state: z.string().nullable(),
    seconds: z.coerce.number().nullable(),
  }),
);

export type Horizon = { kind: 'known'; upTo: number } | { kind: 'held'; by: LedgerHolder };

/**
 * An id up to which nothing can be added to the ledger any more, or who writes for so long that it is
 * not known. Ids are given out before they are committed, so that a higher one may be seen first. Whoever
 * was given one holds a lock on the table until then: those are awaited, and no others.
 */
export async function ledgerHorizon(sql: postgres.Sql, after: number): Promise<Horizon> {
  const [{ last }] = lastSchema.parse([
    ...(await sql`
    select last_value as last from ledger_id_seq`),
  ]);
  if (last <= after) return { kind: 'known', upTo: last };
  let awaited = await writers(sql);
  for (let waitedMs = 0; awaited.size > 0; waitedMs += askMs) {
    if (waitedMs >= waitMsMax) {
      const by = await holderOf(sql, awaited);
      if (by !== null) return { kind: 'held', by };
    }
    await sleep(askMs);
    const now = await writers(sql);
    awaited = new Set([...awaited].filter((writer) => now.has(writer)));
  }
  return { kind: 'known', upTo: last };
}

/**
 * The oldest of some writers; null where all have ended. What is prepared (two-phase commit) is nobody's
 * connection, and all of it null; without `pg_read_all_stats` so are others' state and seconds.
 */
export async function holderOf(
  sql: postgres.Sql,
  awaited: ReadonlySet<string>,
): Promise<LedgerHolder | null> {
  const [holder = null] = holdersSchema.parse([
    ...(await sql`
      select a.pid, a.application_name as application, a.state,
        floor(extract(epoch from now() - a.xact_start)) as seconds
      from unnest(${[...awaited]}::text[]) w
      join pg_locks l on l.virtualtransaction = w
      left join pg_stat_activity a on a.pid = l.pid
      order by a.xact_start limit 1`),
  ]);
  return holder;
}

async function writers(sql: postgres.Sql): Promise<Set<string>> {
  const rows = await sql`
    select virtualtransaction as writer from pg_locks
    where locktype = 'relation' and relation = 'ledger'::regclass and mode = 'RowExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())`;
  return new Set(writersSchema.parse([...rows]).map(({ writer }) => writer));
}
