import { draws } from '@fairgate/shared/db/schema-log.ts';
import { commitmentOf } from '@fairgate/shared/draw/commitment.ts';
import { and, eq, isNull } from 'drizzle-orm';
import type { DrawRows } from '../../app/ports.ts';
import type { Executor } from './executor.ts';

export function drawRows(db: Executor, randomnessUrl: string): DrawRows {
  return {
    async ensure(saleId, secret) {
      const commitment = commitmentOf(secret);
      const row = { saleId, secret, commitment, randomnessUrl };
      await db.insert(draws).values(row).onConflictDoNothing();
    },
    async published(saleId, now) {
      const first = and(eq(draws.saleId, saleId), isNull(draws.publishedAt));
      await db
        .update(draws)
        .set({ publishedAt: new Date(now) })
        .where(first);
    },
    async find(saleId) {
      const [row] = await db.select().from(draws).where(eq(draws.saleId, saleId));
      if (row === undefined) return null;
      const { closedAt, drawnAt } = row;
      return {
        ...row,
        closedAt: closedAt?.getTime() ?? null,
        drawnAt: drawnAt?.getTime() ?? null,
      };
    },
  };
}
