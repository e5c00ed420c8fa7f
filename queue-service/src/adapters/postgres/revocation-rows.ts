import { spentPasses } from '@fairgate/shared/db/schema-log.ts';
import { revocations } from '@fairgate/shared/db/schema-records.ts';
import type { Revocation } from '@fairgate/shared/room/room.ts';
import { eq } from 'drizzle-orm';
import type { RevocationRows } from '../../app/ports.ts';
import type { Executor } from './executor.ts';

export function revocationRows(db: Executor): RevocationRows {
  return {
    async insert(saleId, whom) {
      const who = whom.kind === 'visitor' ? { visitor: whom.visitor } : { numberFrom: whom.from };
      await db.insert(revocations).values({ saleId, ...who, numberTo: whom.to });
    },
    count: (saleId) => db.$count(revocations, eq(revocations.saleId, saleId)),
  };
}

/** Those of a sale, oldest first, as its room takes them. */
export async function revocationsOf(db: Executor, saleId: string): Promise<Revocation[]> {
  const rows = await db
    .select()
    .from(revocations)
    .where(eq(revocations.saleId, saleId))
    .orderBy(revocations.id);
  return rows.map(({ id, visitor, numberFrom, numberTo }) => {
    const whom = visitor === null ? { from: numberFrom ?? 0 } : { visitor };
    return { id: `${id}`, to: numberTo ?? 0, ...whom };
  });
}

/** Passes that were spent in a sale, and by whom. */
export async function spentPassesOf(db: Executor, saleId: string): Promise<[string, string][]> {
  const { passId, visitor } = spentPasses;
  const rows = await db
    .select({ passId, visitor })
    .from(spentPasses)
    .where(eq(spentPasses.saleId, saleId));
  return rows.map((row) => [row.passId, row.visitor]);
}
