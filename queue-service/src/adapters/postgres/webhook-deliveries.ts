import { webhookDeliveries, webhookEvents } from '@fairgate/shared/db/schema-webhooks.ts';
import { and, desc, eq, lt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { DeliveryRecord, WebhookRows } from '../../app/webhook-ports.ts';
import type { Executor } from './executor.ts';

/** Attempts that are kept of each delivery. */
const triesMax = 20;
const droppedMax = 5_000;
const clearedMax = 5_000;

type DeliveryRows = Pick<
  WebhookRows,
  'deliveries' | 'delivery' | 'again' | 'due' | 'take' | 'end' | 'giveUp' | 'drop' | 'clear'
>;

const idsSchema = z.array(z.object({ id: z.string() }));
const takenSchema = z.array(
  z.object({
    id: z.string(),
    claim: z.number(),
    attempts: z.number(),
    eventId: z.string(),
    body: z.string(),
    webhookId: z.string(),
    isFailing: z.boolean(),
    url: z.string(),
    version: z.number(),
    secrets: z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(
        z.array(
          z.object({
            sealed: z.string(),
            createdAt: z.number(),
            expiresAt: z.number().nullable(),
          }),
        ),
      ),
  }),
);
const moment = (ms: number) => sql`${new Date(ms).toISOString()}::timestamptz`;

/** Deliveries of webhooks: the log, and who sends what next. */
export function deliveryRows(db: Executor): DeliveryRows {
  const log = webhookDeliveries;
  return {
    deliveries: ({ webhookId, state, cursor, limit }) => {
      const where = and(
        eq(log.endpointId, webhookId),
        state === undefined ? undefined : eq(log.state, state),
        cursor === undefined ? undefined : lt(log.id, cursor),
      );
      return select(db, where, limit);
    },
    async delivery(webhookId, id) {
      const found = await select(db, and(eq(log.endpointId, webhookId), eq(log.id, id)), 1);
      return found[0] ?? null;
    },
    async again(id, now) {
      const claim = sql`${log.claim} + 1`;
      await db
        .update(log)
        .set({ state: 'pending', nextAt: new Date(now), claim })
        .where(eq(log.id, id));
    },
    async due(now) {
      const rows = await db.execute(sql`
        select e.id from webhook_endpoints e where e.active and exists (
          select from webhook_deliveries d
          where d.endpoint_id = e.id and d.state = 'pending' and d.next_at <= ${moment(now)})`);
      return idsSchema.parse([...rows]).map(({ id }) => id);
    },
    take: (webhookId, now, until) => take(db, webhookId, now, until),
    async end({ id, claim }, { state, nextAt, attempt, response }) {
      const ended = await db
        .update(log)
        .set({
          state,
          response,
          attempts: sql`${log.attempts} + 1`,
          tries: sql`(
            select jsonb_agg(t order by n) from (
              select t, n from jsonb_array_elements(
                ${log.tries} || ${JSON.stringify([attempt])}::text::jsonb)
                with ordinality as x(t, n)
              order by n desc limit ${triesMax}) last)`,
          ...(nextAt === null ? {} : { nextAt: new Date(nextAt) }),
        })
        .where(and(eq(log.id, id), eq(log.claim, claim), eq(log.state, 'pending')))
        .returning({ id: log.id });
      return ended.length > 0;
    },
    async giveUp(before) {
      const old = and(eq(log.state, 'pending'), lt(log.createdAt, new Date(before)));
      // Not what somebody has just sent once more.
      const idle = lt(log.nextAt, new Date(before));
      const given = await db
        .update(log)
        .set({ state: 'failed' })
        .where(and(old, idle))
        .returning({ id: log.id });
      return given.length;
    },
    async drop(before) {
      const dropped = await db.execute(sql`
        with old as (
          select id from webhook_events where created_at < ${moment(before)}
          order by created_at limit ${droppedMax}
        ), log as (
          delete from webhook_deliveries d using old where d.event_id = old.id
        )
        delete from webhook_events e using old where e.id = old.id`);
      return dropped.count;
    },
    clear: () => clear(db),
  };
}

/**
 * The first of the endpoints that are no more. Their ids are found by one look into the index for each
 * endpoint that was ever told of anything: nothing is walked through where there is nothing to do.
 */
async function clear(db: Executor): Promise<number> {
  const cleared = await db.execute(sql`
    with recursive told(id) as (
      (select endpoint_id from webhook_deliveries order by endpoint_id limit 1)
      union all
      select (select d.endpoint_id from webhook_deliveries d
        where d.endpoint_id > told.id order by d.endpoint_id limit 1)
      from told where told.id is not null
    ), gone as (
      select id from told where id is not null
        and not exists (select from webhook_endpoints e where e.id = told.id)
      limit 1
    ), batch as (
      select id from webhook_deliveries where endpoint_id = (select id from gone)
      order by id limit ${clearedMax} for update skip locked
    )
    delete from webhook_deliveries d using batch where d.id = batch.id`);
  return cleared.count;
}

async function take(db: Executor, webhookId: string, now: number, until: number) {
  const rows = await db.execute(sql`
    update webhook_deliveries d set claim = d.claim + 1, next_at = ${moment(until)}
    from webhook_endpoints e, webhook_events v
    where d.id = (
        select id from webhook_deliveries
        where endpoint_id = ${webhookId} and state = 'pending' and next_at <= ${moment(now)}
        order by next_at, id limit 1 for update skip locked)
      and e.id = d.endpoint_id and e.active and v.id = d.event_id
    returning d.id, d.claim, d.attempts, d.event_id as "eventId", v.body,
      e.id as "webhookId", e.failing_since is not null as "isFailing", e.url,
      e.version, e.secrets::text as secrets`);
  const [taken] = takenSchema.parse([...rows]);
  if (taken === undefined) return null;
  const { webhookId: id, url, version, secrets, isFailing, ...delivery } = taken;
  return { ...delivery, webhook: { id, url, version, secrets, isFailing } };
}

async function select(
  db: Executor,
  where: SQL | undefined,
  limit: number,
): Promise<DeliveryRecord[]> {
  const rows = await db
    .select({ delivery: webhookDeliveries, type: webhookEvents.type, saleId: webhookEvents.saleId })
    .from(webhookDeliveries)
    .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId))
    .where(where)
    .orderBy(desc(webhookDeliveries.id))
    .limit(limit);
  return rows.map(({ delivery, type, saleId }) => {
    const { endpointId: webhookId, claim: _, nextAt, createdAt, ...rest } = delivery;
    const times = { nextAt: nextAt.getTime(), createdAt: createdAt.getTime() };
    return { ...rest, webhookId, type, saleId, ...times };
  });
}
