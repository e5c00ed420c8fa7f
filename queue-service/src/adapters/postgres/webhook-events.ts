import { createHash } from 'node:crypto';
import { webhookEndpoints } from '@fairgate/shared/db/schema-webhooks.ts';
import { idOf, newId } from '@fairgate/shared/ids.ts';
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { eventBody, type ShopEvent } from '../../domain/webhook-events.ts';
import type { Executor } from './executor.ts';

const idsSchema = z.array(z.object({ id: z.string() }));

/** See `WebhookRows.tell`. */
export async function tellEvents(
  db: Executor,
  events: readonly ShopEvent[],
  now: number,
  only?: string,
): Promise<string[]> {
  const wish =
    only === undefined ? eq(webhookEndpoints.active, true) : eq(webhookEndpoints.id, only);
  const { id, eventTypes, afterLedger } = webhookEndpoints;
  const endpoints = await db
    .select({ id, eventTypes, afterLedger })
    .from(webhookEndpoints)
    .where(wish);
  const wanted = events.flatMap((event) => {
    const to = endpoints.filter((endpoint) => only !== undefined || wants(endpoint, event));
    return to.length === 0 ? [] : [{ event, eventId: eventIdOf(event), to }];
  });
  if (wanted.length === 0) return [];
  const isNew = await insertEvents(db, wanted, now);
  const deliveries = wanted.flatMap(({ eventId, to }) =>
    isNew.has(eventId)
      ? to.map((endpoint) => ({ id: newId('dlv', now), endpoint: endpoint.id, event: eventId }))
      : [],
  );
  if (deliveries.length === 0) return [];
  const at = new Date(now).toISOString();
  await db.execute(sql`
    insert into webhook_deliveries (id, endpoint_id, event_id, next_at, created_at)
    select id, endpoint, event, ${at}::timestamptz, ${at}::timestamptz
    from json_to_recordset(${JSON.stringify(deliveries)}::text::json)
      as d(id text, endpoint text, event text)`);
  return deliveries.map((delivery) => delivery.id);
}

type Endpoint = { id: string; eventTypes: string[] | null; afterLedger: number };

function wants({ eventTypes, afterLedger }: Endpoint, { type, line }: ShopEvent): boolean {
  if (line !== undefined && line <= afterLedger) return false;
  return eventTypes === null || eventTypes.includes(type);
}

/** The same for the same event, however often it is told. */
function eventIdOf({ key, at }: ShopEvent): string {
  return idOf('evt', at, createHash('sha256').update(key).digest());
}

type Wanted = { event: ShopEvent; eventId: string };

async function insertEvents(db: Executor, wanted: readonly Wanted[], now: number) {
  const rows = wanted.map(({ event, eventId }) => {
    return { id: eventId, type: event.type, sale: event.saleId, body: eventBody(event) };
  });
  const inserted = await db.execute(sql`
    insert into webhook_events (id, type, sale_id, body, created_at)
    select id, type, sale, body, ${new Date(now).toISOString()}::timestamptz
    from json_to_recordset(${JSON.stringify(rows)}::text::json)
      as e(id text, type text, sale text, body text)
    on conflict do nothing returning id`);
  return new Set(idsSchema.parse([...inserted]).map(({ id }) => id));
}
