import type postgres from 'postgres';
import { z } from 'zod';

/** Any fixed number that is ours alone. */
const daysLock = 4_242_022;
/** Whoever reads is waited for no longer; and nobody waits longer behind us. */
const lockMsMax = 500;

const dayMs = 86_400_000;
const partitionOf = (day: string) => `events_${day.replaceAll('-', '')}`;
const dayIn = (partition: string) => partition.replace(/^events_(....)(..)(..)$/, '$1-$2-$3');
const namesSchema = z.array(z.object({ name: z.string().regex(/^events_\d{8}$/) }));

/** The days that there are, as `2026-11-26`. */
async function madeDays(sql: postgres.Sql | postgres.TransactionSql): Promise<string[]> {
  const rows = await sql`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'events'::regclass order by 1`;
  return namesSchema.parse([...rows]).map(({ name }) => dayIn(name));
}

/**
 * Makes the days that are missing. Attached, not made `partition of`: that waits for no reader of the
 * other days, and none waits for it. Instances that do it at once wait for one another.
 */
export async function makeDays(sql: postgres.Sql, days: readonly string[]): Promise<void> {
  const made = new Set(await madeDays(sql));
  for (const day of days.filter((one) => !made.has(one))) {
    await sql.begin(async (tx) => {
      await boundLocks(tx);
      if ((await madeDays(tx)).includes(day)) return;
      const next = new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);
      const name = tx(partitionOf(day));
      await tx`create table ${name} (like events including all)`;
      await tx.unsafe(`
        alter table events attach partition ${partitionOf(day)}
        for values from ('${day} 00:00:00+00') to ('${next} 00:00:00+00')`);
    });
  }
}

/** Drops the days before one; what cannot be had at once is left for the next time. */
export async function dropDays(sql: postgres.Sql, before: string): Promise<string[]> {
  const dropped: string[] = [];
  for (const day of (await madeDays(sql)).filter((one) => one < before)) {
    await sql.begin(async (tx) => {
      await boundLocks(tx);
      await tx`drop table if exists ${tx(partitionOf(day))}`;
    });
    dropped.push(day);
  }
  return dropped;
}

async function boundLocks(tx: postgres.TransactionSql): Promise<void> {
  await tx.unsafe(`set local lock_timeout = ${lockMsMax}`);
  await tx`select pg_advisory_xact_lock(${daysLock})`;
}
