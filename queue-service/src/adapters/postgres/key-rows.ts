import { apiKeys } from '@fairgate/shared/db/schema-access.ts';
import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type { KeyRows } from '../../app/access-ports.ts';
import type { KeyRecord } from '../../domain/records.ts';
import type { Executor } from './executor.ts';

export function keyRows(db: Executor): KeyRows {
  return {
    async insert({ createdAt, expiresAt, hash, ...key }) {
      const { lastUsedAt: _, ...kept } = key;
      const times = { createdAt: new Date(createdAt), expiresAt: dateOrNull(expiresAt) };
      const inserted = await db
        .insert(apiKeys)
        .values({ ...kept, hash, ...times })
        .onConflictDoNothing({ target: apiKeys.hash })
        .returning({ id: apiKeys.id });
      return inserted.length > 0 ? 'inserted' : 'known';
    },
    async byHash(hash, now) {
      const [row] = await db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.hash, hash), holds(now)));
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
    async lockAdmins(now) {
      const rows = await db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.role, 'admin'), holds(now)))
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
    async used(times) {
      const ids = [...times.keys()];
      const at = [...times.values()].map((ms) => new Date(ms).toISOString());
      await db.execute(sql`
        update api_keys k set last_used_at = u.at::timestamptz
        from unnest(${sql.param(ids)}::text[], ${sql.param(at)}::text[]) as u (id, at)
        where k.id = u.id and (k.last_used_at is null or k.last_used_at < u.at::timestamptz)`);
    },
  };
}

/** Neither revoked nor expired. */
export function holds(now: number) {
  return and(
    isNull(apiKeys.revokedAt),
    or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, new Date(now))),
  );
}

function record(row: typeof apiKeys.$inferSelect): KeyRecord {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt?.getTime() ?? null,
    lastUsedAt: row.lastUsedAt?.getTime() ?? null,
  };
}

function dateOrNull(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
