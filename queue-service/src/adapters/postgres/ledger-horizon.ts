import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { z } from 'zod';

/** Who writes to the ledger just now is waited for so long. */
const waitMsMax = 2_000;
const askMs = 20;

const lastSchema = z.tuple([z.object({ last: z.coerce.number() })]);
const writersSchema = z.array(z.object({ writer: z.string() }));

/**
 * An id up to which nothing can be added to the ledger any more, or null where somebody writes for
 * long. Ids are given out before they are committed, so that a higher one may be seen first. Whoever
 * was given one holds a lock on the table until then: those are awaited, and no others.
 */
export async function ledgerHorizon(sql: postgres.Sql, after: number): Promise<number | null> {
  const [{ last }] = lastSchema.parse([
    ...(await sql`
    select last_value as last from ledger_id_seq`),
  ]);
  if (last <= after) return last;
  let awaited = await writers(sql);
  for (let waitedMs = 0; awaited.size > 0; waitedMs += askMs) {
    if (waitedMs >= waitMsMax) return null;
    await sleep(askMs);
    const now = await writers(sql);
    awaited = new Set([...awaited].filter((writer) => now.has(writer)));
  }
  return last;
}

async function writers(sql: postgres.Sql): Promise<Set<string>> {
  const rows = await sql`
    select virtualtransaction as writer from pg_locks
    where locktype = 'relation' and relation = 'ledger'::regclass and mode = 'RowExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())`;
  return new Set(writersSchema.parse([...rows]).map(({ writer }) => writer));
}
