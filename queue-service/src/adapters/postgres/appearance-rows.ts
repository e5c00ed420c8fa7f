import { saleAppearances } from '@fairgate/shared/db/schema-appearance.ts';
import { eq, sql } from 'drizzle-orm';
import type { AppearanceRows } from '../../app/appearance-ports.ts';
import { noAppearance } from '../../domain/records.ts';
import type { Executor } from './executor.ts';

export function appearanceRows(db: Executor): AppearanceRows {
  return {
    async find(saleId) {
      const [row] = await db
        .select()
        .from(saleAppearances)
        .where(eq(saleAppearances.saleId, saleId));
      if (row === undefined) return null;
      const { appearance, version, updatedAt } = row;
      return { appearance, version, updatedAt: updatedAt.getTime() };
    },
    async put(saleId, appearance, now) {
      const set = { appearance, updatedAt: new Date(now) };
      await db
        .insert(saleAppearances)
        .values({ saleId, ...set, version: noAppearance.version + 1 })
        .onConflictDoUpdate({
          target: saleAppearances.saleId,
          set: { ...set, version: sql`${saleAppearances.version} + 1` },
        });
    },
  };
}
