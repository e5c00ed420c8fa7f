import { apiKeys } from '@fairgate/shared/db/schema-records.ts';
import { and, desc, eq, isNull, lt } from 'drizzle-orm';
import type { KeyRows } from '../../app/ports.ts';
import type { KeyRecord } from '../../domain/records.ts';
import type { Executor } from './executor.ts';

export function keyRows(db: Executor): KeyRows {
  return {
    async insert({ createdAt, ...key }) {
      const inserted = await db
        .insert(apiKeys)
        .values({ ...key, createdAt: new Date(createdAt) })
        .onConflictDoNothing({ target: apiKeys.hash })
        .returning({ id: apiKeys.id });
      return inserted.length > 0 ? 'inserted' : 'known';
    },
    async byHash(hash) {
      const [row] = await db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.hash, hash), isNull(apiKeys.revokedAt)));
      return row ? record(row) : null;
    },
    async page({ cursor, limit }) {
      const after = cursor === undefined ? undefined : lt(apiKeys.id, cursor);
      const rows = await db
        .select()
        .from(apiKeys)
        .where(and(isNull(apiKeys.revokedAt), after))
        .orderBy(desc(apiKeys.id))
        .limit(limit);
      return rows.map(record);
    },
    async lockAdmins() {
      const rows = await db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.role, 'admin'), isNull(apiKeys.revokedAt)))
        .orderBy(apiKeys.id)
        .for('update');
      return rows.map(record);
    },
    async revoke(id, now) {
      const [row] = await db
        .update(apiKeys)
        .set({ revokedAt: new Date(now) })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning();
      return row ? record(row) : null;
    },
  };
}

function record(row: typeof apiKeys.$inferSelect): KeyRecord {
  return { id: row.id, name: row.name, role: row.role, createdAt: row.createdAt.getTime() };
}
