import { apiKeys, consoleSessions } from '@fairgate/shared/db/schema-access.ts';
import { and, eq, gt, isNotNull, isNull, lte, or } from 'drizzle-orm';
import type { SessionRows } from '../../app/access-ports.ts';
import type { Executor } from './executor.ts';
import { holds } from './key-rows.ts';

export function sessionRows(db: Executor): SessionRows {
  return {
    async insert({ createdAt, expiresAt, ...session }) {
      const times = { createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) };
      await db.insert(consoleSessions).values({ ...session, ...times });
    },
    async byHash(hash, now) {
      const [row] = await db
        .select({ session: consoleSessions, keyRole: apiKeys.role })
        .from(consoleSessions)
        .leftJoin(apiKeys, and(eq(apiKeys.id, consoleSessions.keyId), holds(now)))
        .where(
          and(
            eq(consoleSessions.hash, hash),
            gt(consoleSessions.expiresAt, new Date(now)),
            or(isNull(consoleSessions.keyId), isNotNull(apiKeys.id)),
          ),
        );
      if (!row) return null;
      const { actor, name, role, keyId, expiresAt } = row.session;
      const times = { expiresAt: expiresAt.getTime() };
      return { actor, name, role: row.keyRole ?? role, keyId, ...times };
    },
    async remove(hash) {
      await db.delete(consoleSessions).where(eq(consoleSessions.hash, hash));
    },
    async dropExpired(now) {
      await db.delete(consoleSessions).where(lte(consoleSessions.expiresAt, new Date(now)));
    },
  };
}
