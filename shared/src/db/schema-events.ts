import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

// What happened, as rows for analysts (docs/analytics.md, ADR 0022). Owner: the queue service.

/**
 * Partitioned by day of `at`, in UTC: the migration says so, and `event-days.ts` makes and drops the
 * days. Never read by a service. It names places and orders, and no shopper.
 */
export const events = pgTable(
  'events',
  {
    at: at('at').notNull(),
    /** Of the room's log (`joined`, …), of the ledger (`order.paid`, …), or `refused`. */
    kind: text('kind').notNull(),
    saleId: text('sale_id').notNull(),
    lane: text('lane'),
    /** Of the place: also of an order's. */
    number: bigint('number', { mode: 'number' }),
    /** The line of the sale's log, or the id in the ledger. */
    seq: bigint('seq', { mode: 'number' }),
    orderId: text('order_id'),
    /** Order events have a row for each line of the order, with its units and money. */
    productId: text('product_id'),
    units: integer('units'),
    amountMinor: bigint('amount_minor', { mode: 'number' }),
    currency: text('currency'),
    /** Why somebody was refused at the door, and how often since the last such row. */
    reason: text('reason'),
    count: integer('count').notNull().default(1),
  },
  (t) => [index('events_by_sale').on(t.saleId, t.kind)],
);

/**
 * `webhooks`: the ledger, as shops are told of it. `sold-out`: a sale's turns between sold out (odd)
 * and not (even), as the ledger tells them.
 */
export type EventSource = 'log' | 'ledger' | 'door' | 'webhooks' | 'sold-out';

/** How far each source has been read, written with the rows that were made of it. */
export const eventCursors = pgTable(
  'event_cursors',
  {
    source: text('source').$type<EventSource>().notNull(),
    /** '' for the ledger, which is one for all sales. */
    saleId: text('sale_id').notNull(),
    /** Line of the log, id in the ledger, or how often the door's counters were read. */
    position: bigint('position', { mode: 'number' }).notNull().default(0),
    /** Of the door: reason -> refusals that are events. */
    counts: jsonb('counts').$type<Record<string, number>>().notNull().default(sql`'{}'::jsonb`),
  },
  (t) => [primaryKey({ columns: [t.source, t.saleId] })],
);
