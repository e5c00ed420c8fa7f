import type { DatabaseClient } from '@fairgate/shared/db/client.ts';
import { orderSchema } from '@fairgate/shared/order.ts';
import { saleModes } from '@fairgate/shared/sale.ts';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { WebhookFeed } from '../../app/webhook-ports.ts';
import { eventOf, type LedgerLine, typesByAction } from '../../domain/webhook-events.ts';
import type { Executor } from './executor.ts';
import { ledgerHorizon } from './ledger-horizon.ts';
import { tellEvents } from './webhook-events.ts';

/** Lines of the ledger that one transaction reads. */
const linesMax = 1_000;

const position = z.coerce.number();
const positionsSchema = z.array(z.object({ position }));
const upToSchema = z.array(z.object({ upTo: z.coerce.number().nullable() }));
const turnsSchema = z.array(z.object({ saleId: z.string(), turns: position }));

/** What happened before, without a word about how it is written: as Postgres tells moments in JSON. */
const moment = z.string().transform((text) => new Date(text).toISOString());
const toldOrderSchema = orderSchema
  .omit({ outageSeconds: true, paidAt: true, failure: true })
  .extend({
    number: z.number(),
    payBefore: moment,
    createdAt: moment,
    paidAt: z.exactOptional(moment),
    failure: z.exactOptional(z.string()),
    unitsOf: z.record(z.string(), z.string()),
  });
const toldSaleSchema = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(saleModes),
  currency: z.string(),
  productIds: z.array(z.string()),
  startsAt: moment,
  endsAt: moment.nullable(),
});
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
const lineSchema = z.object({
  id: z.coerce.number(),
  at: z.coerce.number(),
  action: z.string(),
  unitIds: json(z.array(z.string())),
  detail: json(z.record(z.string(), z.unknown())),
  order: json(toldOrderSchema).nullable(),
  sale: json(toldSaleSchema).nullable(),
});

/** Errors are the connection's own; what had not been committed is done by the next call. */
export function webhookFeed({ db, sql: queries }: Pick<DatabaseClient, 'db' | 'sql'>): WebhookFeed {
  return {
    async tellNext(now) {
      const position = await positionOf(db);
      const horizon = await ledgerHorizon(queries, position);
      if (horizon.kind === 'held') return horizon;
      const { upTo } = horizon;
      if (upTo <= position) return { kind: 'done' };
      return { kind: await db.transaction((tx) => tellBatch(tx, upTo, now)) };
    },
    async turns() {
      const rows = await db.execute(sql`
        select sale_id as "saleId", position as turns from event_cursors where source = 'sold-out'`);
      return new Map(turnsSchema.parse([...rows]).map(({ saleId, turns }) => [saleId, turns]));
    },
    async turn(saleId, turns) {
      const action = turns % 2 === 0 ? 'sale.sold_out' : 'sale.available';
      await db.execute(sql`
        with turned as (
          insert into event_cursors as c (source, sale_id, position)
          values ('sold-out', ${saleId}, ${turns + 1}::bigint)
          on conflict (source, sale_id) do update set position = excluded.position
            where c.position = ${turns}::bigint
          returning sale_id
        )
        insert into ledger (actor, action, sale_id)
        select 'system:stock', ${action}, sale_id from turned`);
    },
  };
}

async function positionOf(db: Executor): Promise<number> {
  const rows = await db.execute(sql`
    select position from event_cursors where source = 'webhooks' and sale_id = ''`);
  return positionsSchema.parse([...rows])[0]?.position ?? 0;
}

/** One transaction: the cursor's lock, events and deliveries, the cursor. */
async function tellBatch(tx: Executor, horizon: number, now: number): Promise<'more' | 'done'> {
  await tx.execute(sql`
    insert into event_cursors (source, sale_id) values ('webhooks', '') on conflict do nothing`);
  const [held] = positionsSchema.parse([
    ...(await tx.execute(sql`
      select position from event_cursors where source = 'webhooks' and sale_id = ''
      for update skip locked`)),
  ]);
  // Another instance is at it, or has been further.
  if (held === undefined || held.position >= horizon) return 'done';
  const upTo = await upToOf(tx, held.position, horizon);
  if (upTo > held.position) {
    const lines = await readLines(tx, held.position, upTo);
    const events = lines.flatMap((line) => eventOf(line) ?? []);
    if (events.length > 0) await tellEvents(tx, events, now);
  }
  // Ids that were given out and never used are passed with the last line.
  const reached = upTo > held.position ? upTo : horizon;
  await tx.execute(sql`
    update event_cursors set position = ${reached}::bigint
    where source = 'webhooks' and sale_id = ''`);
  return reached < horizon ? 'more' : 'done';
}

/** Up to which line the next batch goes; all the way where nobody is told anything. */
async function upToOf(tx: Executor, after: number, horizon: number): Promise<number> {
  const [found] = upToSchema.parse([
    ...(await tx.execute(sql`
      select max(id) as "upTo" from (
        select id from ledger where id > ${after}::bigint and id <= ${horizon}::bigint
          and exists (select from webhook_endpoints where active)
        order by id limit ${linesMax}) l`)),
  ]);
  return found?.upTo ?? after;
}

async function readLines(tx: Executor, after: number, upTo: number): Promise<LedgerLine[]> {
  const actions = Object.keys(typesByAction);
  const rows = await tx.execute(sql`
    select l.id, floor(extract(epoch from l.at) * 1000) as at, l.action,
      coalesce(array_to_json(l.unit_ids), '[]')::text as "unitIds", l.detail::text as detail,
      case when o.id is not null then jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'saleId', o.sale_id, 'number', o.number, 'state', o.state,
        'totalMinor', o.total_minor, 'currency', o.currency, 'payBefore', o.pay_before,
        'createdAt', o.created_at, 'paidAt', o.paid_at, 'failure', o.failure,
        'items', (
          select coalesce(jsonb_agg(jsonb_build_object('productId', n.product_id,
            'quantity', n.quantity, 'unitPriceMinor', n.unit_price_minor,
            'units', (
              select coalesce(jsonb_agg(u.unit_id order by u.unit_id), '[]') from order_units u
              where u.order_id = o.id and u.product_id = n.product_id and u.live)
            ) order by n.product_id), '[]')
          from order_lines n where n.order_id = o.id),
        'unitsOf', (
          select coalesce(jsonb_object_agg(u.unit_id, u.product_id), '{}')
          from order_units u where u.order_id = o.id)))::text end as order,
      case when o.id is null and s.id is not null then jsonb_build_object(
        'id', s.id, 'name', s.name, 'mode', s.mode, 'currency', s.currency,
        'startsAt', s.starts_at, 'endsAt', s.ends_at,
        'productIds', (
          select coalesce(jsonb_agg(p.product_id order by p.position), '[]')
          from sale_products p where p.sale_id = s.id))::text end as sale
    from ledger l
    left join orders o on o.id = l.order_id
    left join sales s on s.id = l.sale_id
    where l.id > ${after}::bigint and l.id <= ${upTo}::bigint
      and l.action = any(${sql.param(actions)}::text[])
    order by l.id`);
  return z.array(lineSchema).parse([...rows]);
}
