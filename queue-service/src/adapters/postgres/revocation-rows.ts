import { spentPasses } from '@fairgate/shared/db/schema-log.ts';
import { revocations } from '@fairgate/shared/db/schema-records.ts';
import { eq, sql } from 'drizzle-orm';
import type { RevocationRows } from '../../app/ports.ts';
import { revokedForMs, type StoredRevocation } from '../../domain/revocation.ts';
import type { Executor } from './executor.ts';

export function revocationRows(db: Executor): RevocationRows {
  return {
    async insert(saleId, whom) {
      // By Postgres' own clock, now rather than when the transaction began: tokens of before count.
      const at = sql`clock_timestamp() + make_interval(secs => ${revokedForMs(whom) / 1_000})`;
      const row =
        whom.kind === 'visitor'
          ? { visitor: whom.visitor }
          : { numberFrom: whom.from, numberTo: whom.to };
      await db.insert(revocations).values({ saleId, ...row, at });
    },
    count: (saleId) => db.$count(revocations, eq(revocations.saleId, saleId)),
  };
}

/** Those of a sale, oldest first, as its room takes them. */
export async function revocationsOf(db: Executor, saleId: string): Promise<StoredRevocation[]> {
  const { id, visitor, numberFrom, numberTo } = revocations;
  const rows = await db
    .select({ id, visitor, from: numberFrom, to: numberTo })
    .from(revocations)
    .where(eq(revocations.saleId, saleId))
    .orderBy(id);
  return rows.map((row) => ({
    id: `${row.id}`,
    ...(row.visitor === null ? {} : { visitor: row.visitor }),
    ...(row.from === null || row.to === null ? {} : { from: row.from, to: row.to }),
  }));
}

/** Passes that were spent in a sale, and by whom. */
export async function spentPassesOf(db: Executor, saleId: string): Promise<[string, string][]> {
  const rows = await db
    .select({ passId: spentPasses.passId, visitor: spentPasses.visitor })
    .from(spentPasses)
    .where(eq(spentPasses.saleId, saleId));
  return rows.map(({ passId, visitor }) => [passId, visitor]);
}
