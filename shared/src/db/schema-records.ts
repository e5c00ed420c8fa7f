import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import type { CheckoutHealth } from './checkout-health.ts';
import { at, created } from './columns.ts';

// What is written beside the sale itself: the log, what has to follow, keys, checkpoints.

/** Append-only, kept so by triggers: every change of a unit, an order or a setting. */
export const ledger = pgTable(
  'ledger',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: at('at').notNull().defaultNow(),
    /** `visitor:…`, `key:…`, `system:…`. */
    actor: text('actor').notNull(),
    /** What happened: `order.placed`, `order.paid`, `sale.paused`, `stock.added`, … */
    action: text('action').notNull(),
    saleId: text('sale_id'),
    productId: text('product_id'),
    orderId: text('order_id'),
    unitIds: text('unit_ids').array(),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull().default({}),
    /** Where whoever did it sat; null for services, and where nobody can tell. */
    address: text('address'),
    /** Of a change by an admin: the fields that are otherwise, as they were and as they are. */
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
  },
  (t) => [
    index('ledger_by_sale').on(t.saleId, t.id),
    index('ledger_by_order').on(t.orderId),
    // Shoppers' own lines are by far the most: whoever looks for an admin's walks past none of them.
    index('ledger_by_admin')
      .on(t.actor, t.id)
      .where(sql`actor like 'key:%' or actor like 'user:%'`),
  ],
);

/** A commit by each checkout a second: whoever can make it may renew the admission lease (D10). */
export const checkoutBeats = pgTable('checkout_beats', {
  instance: text('instance').primaryKey(),
  at: at('at').notNull(),
  health: jsonb('health').$type<Partial<CheckoutHealth>>().notNull().default({}),
});

/**
 * What must follow a change, written in its transaction and relayed afterwards (D9). `room`:
 * a report to the room's Redis, relayed by checkouts; `job`: a notice, relayed into BullMQ by the
 * queue service; `payment`: a call to a payment provider, relayed into BullMQ by checkouts.
 * Relayed rows are deleted; `refused`: what a room refuses or nobody can read, to be looked at.
 */
export const outbox = pgTable(
  'outbox',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    topic: text('topic').$type<'room' | 'job' | 'refund' | 'payment' | 'refused'>().notNull(),
    saleId: text('sale_id').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    createdAt: created(),
  },
  (t) => [
    index('outbox_by_topic').on(t.topic, t.id),
    // What the room has not heard of a token, while there are many that it has not heard of.
    index('outbox_untold').on(sql`(payload ->> 'jti')`).where(sql`topic in ('room', 'refused')`),
  ],
);

/**
 * Places that count no more, and their tokens: a visitor's up to the number `numberTo` (they may join
 * again, and have a higher one then), or those of a range of numbers. The room is told by the sale's
 * version; the checkout looks with each claim; the ledger tells who did it. Owner: the queue service.
 */
export const revocations = pgTable(
  'revocations',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    saleId: text('sale_id').notNull(),
    visitor: text('visitor'),
    numberFrom: bigint('number_from', { mode: 'number' }),
    numberTo: bigint('number_to', { mode: 'number' }),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [
    index('revocations_visitor').on(t.saleId, t.visitor).where(sql`visitor is not null`),
    index('revocations_range').on(t.saleId).where(sql`visitor is null`),
    check(
      'revocations_whom',
      sql`(visitor is null) = (number_from is not null) and number_to is not null`,
    ),
  ],
);

/** What became of a mail: after `sent` and `refused` come those that were not sent. */
export type NoticeEnd = 'sent' | 'refused' | 'unsubscribed' | 'too-late' | 'no-address';

/**
 * Mails about orders, written as their jobs go to the queue: a job that runs twice sends one, and one
 * that Redis lost is put there again. Owner: the queue service.
 */
export const notices = pgTable(
  'notices',
  {
    orderId: text('order_id').notNull(),
    /** `order-paid`, …; where several payments may be told of, with the id: `….pay_…`. */
    kind: text('kind').notNull(),
    /** When it was settled; null: somebody is at it, or it is tried again. */
    sentAt: at('sent_at'),
    /** Null until then, and of notices from before there was this column. */
    outcome: text('outcome').$type<NoticeEnd>(),
    /** When what it tells of happened; null in rows of before it was kept. */
    toldAt: at('told_at'),
    /** Of the last claim; 1970 where nobody has one. */
    createdAt: created(),
  },
  (t) => [
    primaryKey({ columns: [t.orderId, t.kind] }),
    index('notices_unsettled').on(t.orderId, t.kind).where(sql`sent_at is null`),
  ],
);

/**
 * Who wants no more notices of a sale, but receipts: the digest of the address
 * (`notices/unsubscribing.ts`), never the address. Kept for as long as the sale. Owner: the checkout.
 */
export const noticeOptouts = pgTable(
  'notice_optouts',
  {
    saleId: text('sale_id').notNull(),
    recipient: text('recipient').notNull(),
    /** When they said so last. */
    createdAt: created(),
  },
  (t) => [primaryKey({ columns: [t.saleId, t.recipient] })],
);

/** What a room would need to begin again, written every second. Owner: the queue service. */
export const roomCheckpoints = pgTable('room_checkpoints', {
  saleId: text('sale_id').primaryKey(),
  next: bigint('next', { mode: 'number' }).notNull(),
  frontier: bigint('frontier', { mode: 'number' }).notNull(),
  outstanding: integer('outstanding').notNull(),
  counters: jsonb('counters').$type<Record<string, number>>().notNull(),
  takenAt: at('taken_at').notNull().defaultNow(),
});
