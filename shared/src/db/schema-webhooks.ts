import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { at, created } from './columns.ts';

// What shops are told over HTTP (docs/webhooks.md, ADR 0032). Owner: the queue service.

/** Sealed (`webhook-secrets.ts`); times in ms. The first signs for ever, the other one until then. */
export type StoredSecret = { sealed: string; createdAt: number; expiresAt: number | null };

/** Where events are sent. */
export const webhookEndpoints = pgTable('webhook_endpoints', {
  id: text('id').primaryKey(),
  url: text('url').notNull(),
  description: text('description').notNull().default(''),
  /** Types of events; null: all, those too that are added later. */
  eventTypes: jsonb('event_types').$type<string[]>(),
  secrets: jsonb('secrets').$type<StoredSecret[]>().notNull(),
  active: boolean('active').notNull().default(true),
  /** Why it was switched off by itself. */
  offReason: text('off_reason').$type<'gone' | 'failing'>(),
  /** The first failure after which nothing was taken; null: the last attempt that we know of was. */
  failingSince: at('failing_since'),
  /** The last line of the ledger before it was made: it is told of what came later. */
  afterLedger: bigint('after_ledger', { mode: 'number' }).notNull(),
  version: integer('version').notNull().default(1),
  createdAt: created(),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

/** Events that at least one endpoint is told of, for 30 days. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    /** `evt_…`, the `webhook-id`; it follows from what is told, so that nothing is told twice. */
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    saleId: text('sale_id'),
    /** What is sent, to the byte. */
    body: text('body').notNull(),
    createdAt: created(),
  },
  (t) => [index('webhook_events_by_age').on(t.createdAt)],
);

/** `at` in ms, `ms`: how long the answer took. */
export type WebhookTry = { at: number; status: number | null; error: string | null; ms: number };

/** One event on its way to one endpoint, and how it went. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    endpointId: text('endpoint_id').notNull(),
    eventId: text('event_id').notNull(),
    state: text('state').$type<'pending' | 'delivered' | 'failed'>().notNull().default('pending'),
    attempts: integer('attempts').notNull().default(0),
    /** While it is being sent: when whoever does it is taken for dead. */
    nextAt: at('next_at').notNull(),
    /** Rises with each taking; who was overtaken writes nothing. */
    claim: integer('claim').notNull().default(0),
    /** The last ones. */
    tries: jsonb('tries').$type<WebhookTry[]>().notNull().default(sql`'[]'::jsonb`),
    /** The beginning of the last answer's body. */
    response: text('response'),
    createdAt: created(),
  },
  (t) => [
    uniqueIndex('webhook_deliveries_once').on(t.eventId, t.endpointId),
    // With the id: what became due in one moment is not sorted anew for each that is taken.
    index('webhook_deliveries_due').on(t.endpointId, t.nextAt, t.id).where(sql`state = 'pending'`),
    index('webhook_deliveries_log').on(t.endpointId, t.id),
    index('webhook_deliveries_failed').on(t.endpointId, t.id).where(sql`state = 'failed'`),
    check('webhook_deliveries_state', sql`state in ('pending', 'delivered', 'failed')`),
  ],
);
