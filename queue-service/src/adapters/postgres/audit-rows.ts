import { ledger } from '@fairgate/shared/db/schema-records.ts';
import { and, desc, eq, lt, or, sql } from 'drizzle-orm';
import type { AuditRows } from '../../app/access-ports.ts';
import type { Executor } from './executor.ts';

export function auditRows(db: Executor): AuditRows {
  return {
    async page({ cursor, limit, saleId, actor, action }) {
      const where = and(
        cursor === undefined ? undefined : lt(ledger.id, Number(cursor)),
        saleId === undefined ? undefined : eq(ledger.saleId, saleId),
        actor === undefined ? undefined : byActor(actor),
        action === undefined ? undefined : eq(ledger.action, action),
      );
      const rows = await db
        .select()
        .from(ledger)
        .where(where)
        .orderBy(desc(ledger.id))
        .limit(limit);
      return rows.map(({ id, at, unitIds, ...rest }) => ({
        ...rest,
        id: String(id),
        at: at.getTime(),
        unitIds: unitIds ?? [],
      }));
    },
  };
}

function byActor(actor: string) {
  // In the words of the index `ledger_by_admin`.
  const isAdmin = or(sql`${ledger.actor} like 'key:%'`, sql`${ledger.actor} like 'user:%'`);
  return actor === 'admins' ? isAdmin : eq(ledger.actor, actor);
}
