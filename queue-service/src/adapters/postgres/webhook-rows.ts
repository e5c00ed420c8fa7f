import { webhookEndpoints } from '@fairgate/shared/db/schema-webhooks.ts';
import { and, desc, eq, isNull, lt, lte, sql } from 'drizzle-orm';
import type { TriedWebhook, WebhookRecord, WebhookRows } from '../../app/webhook-ports.ts';
import type { Executor } from './executor.ts';
import { deliveryRows } from './webhook-deliveries.ts';
import { tellEvents } from './webhook-events.ts';

/** Any number that no other advisory lock has. */
const lockKey = 4_242_032;

export function webhookRows(db: Executor): WebhookRows {
  const webhooks = webhookEndpoints;
  return {
    ...deliveryRows(db),
    async lock() {
      await db.execute(sql`select pg_advisory_xact_lock(${lockKey})`);
    },
    count: () => db.$count(webhooks),
    async insert({ now, ...webhook }) {
      const at = new Date(now);
      const afterLedger = sql`(select last_value from ledger_id_seq)`;
      await db.insert(webhooks).values({ ...webhook, afterLedger, createdAt: at, updatedAt: at });
    },
    async find(id, lock) {
      const query = db.select().from(webhooks).where(eq(webhooks.id, id));
      const [row] = await (lock === 'update' ? query.for('update') : query);
      return row ? record(row) : null;
    },
    async page({ cursor, limit }) {
      const after = cursor === undefined ? undefined : lt(webhooks.id, cursor);
      const rows = await db
        .select()
        .from(webhooks)
        .where(after)
        .orderBy(desc(webhooks.id))
        .limit(limit);
      return rows.map(record);
    },
    async update(id, fields, now) {
      const version = sql`${webhooks.version} + 1`;
      const set = { ...fields, version, updatedAt: new Date(now) };
      await db.update(webhooks).set(set).where(eq(webhooks.id, id));
    },
    async failed(tried, at) {
      const isNew = and(isStill(tried), isNull(webhooks.failingSince));
      await db
        .update(webhooks)
        .set({ failingSince: new Date(at) })
        .where(isNew);
    },
    async works(id) {
      await db.update(webhooks).set({ failingSince: null }).where(eq(webhooks.id, id));
    },
    async switchOff(tried, offReason, { now, failingBefore }) {
      const version = sql`${webhooks.version} + 1`;
      const set = { active: false, offReason, version, updatedAt: new Date(now) };
      const isFailing =
        failingBefore === undefined
          ? undefined
          : lte(webhooks.failingSince, new Date(failingBefore));
      const ended = await db
        .update(webhooks)
        .set(set)
        .where(and(isStill(tried), webhooks.active, isFailing))
        .returning({ id: webhooks.id });
      return ended.length > 0;
    },
    async remove(id) {
      await db.delete(webhooks).where(eq(webhooks.id, id));
    },
    tell: (events, now, only) => tellEvents(db, events, now, only),
  };
}

const isStill = ({ id, version }: TriedWebhook) =>
  and(eq(webhookEndpoints.id, id), eq(webhookEndpoints.version, version));

function record(row: typeof webhookEndpoints.$inferSelect): WebhookRecord {
  const { afterLedger: _, failingSince: __, createdAt, updatedAt, ...rest } = row;
  return { ...rest, createdAt: createdAt.getTime(), updatedAt: updatedAt.getTime() };
}
