import { bans } from '@fairgate/shared/db/schema-bans.ts';
import { and, desc, eq, gt, isNull, lt, lte, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { BanRows } from '../../app/ports.ts';
import type { BanRecord } from '../../domain/records.ts';
import type { Executor } from './executor.ts';

/** Any number that no other advisory lock has. */
const lockKey = 4_012_026;

const versionSchema = z.array(z.object({ version: z.coerce.number() })).length(1);

export function banRows(db: Executor): BanRows {
  return {
    async lock() {
      await db.execute(sql`select pg_advisory_xact_lock(${lockKey})`);
    },
    async insert({ createdAt, expiresAt, ...ban }) {
      await db.insert(bans).values({
        ...ban,
        createdAt: new Date(createdAt),
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
      });
    },
    async find(id, now) {
      const [row] = await db
        .select()
        .from(bans)
        .where(and(eq(bans.id, id), holds(now)));
      return row ? record(row) : null;
    },
    async like(kind, value, now) {
      const same = and(eq(bans.kind, kind), eq(bans.value, value), holds(now));
      const [row] = await db.select().from(bans).where(same).limit(1);
      return row ? record(row) : null;
    },
    async page({ cursor, limit }, now) {
      const after = cursor === undefined ? undefined : lt(bans.id, cursor);
      const rows = await db
        .select()
        .from(bans)
        .where(and(holds(now), after))
        .orderBy(desc(bans.id))
        .limit(limit);
      return rows.map(record);
    },
    async holding(now) {
      const { id, kind, value, expiresAt } = bans;
      const rows = await db
        .select({ id, kind, value, expiresAt })
        .from(bans)
        .where(holds(now))
        .orderBy(id);
      return rows.map((row) => ({ ...row, expiresAt: row.expiresAt?.getTime() ?? null }));
    },
    count: (now) => db.$count(bans, holds(now)),
    async remove(id) {
      await db.delete(bans).where(eq(bans.id, id));
    },
    async dropExpired(now) {
      const rows = await db
        .delete(bans)
        .where(lte(bans.expiresAt, new Date(now)))
        .returning();
      return rows.map(record);
    },
    async nextVersion(atLeast) {
      const next = await db.execute(sql`select nextval('ban_list_version') as version`);
      const version = versionSchema.parse([...next])[0]?.version ?? 0;
      if (version > atLeast) return version;
      // What is published is of another database's days: this one's versions go on above it.
      await db.execute(sql`select setval('ban_list_version', ${atLeast + 1})`);
      return atLeast + 1;
    },
  };
}

function holds(now: number) {
  return or(isNull(bans.expiresAt), gt(bans.expiresAt, new Date(now)));
}

function record({ createdAt, expiresAt, ...row }: typeof bans.$inferSelect): BanRecord {
  return {
    ...row,
    createdAt: createdAt.getTime(),
    expiresAt: expiresAt?.getTime() ?? null,
  };
}
