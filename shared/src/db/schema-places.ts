import { sql } from 'drizzle-orm';
import {
  bigint,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import type { PushSubscription } from '../notices/place-ask.ts';
import type { Lane } from '../place.ts';
import { at, created } from './columns.ts';

// Who asked to be told of their place, and what they were told. Owner: the queue service. All of it
// is deleted a day after the sale (docs/storage.md).

/** How the newest wish of each visitor has it. */
export const placeSubscriptions = pgTable(
  'place_subscriptions',
  {
    saleId: text('sale_id').notNull(),
    visitor: text('visitor').notNull(),
    /** Of the place for which they asked last. */
    number: bigint('number', { mode: 'number' }).notNull(),
    lane: text('lane').$type<Lane>().notNull(),
    /** Where in the lane: the number, or the rank as a score; null until the draw has given it. */
    score: doublePrecision('score'),
    email: text('email'),
    language: text('language'),
    push: jsonb('push').$type<PushSubscription>(),
    /** Of the ask in its stream, `ms * 1000 + seq`: an older one never replaces a newer. */
    askedAt: bigint('asked_at', { mode: 'number' }).notNull(),
    /** The numbers for which it is decided, one way or the other, whether to tell. */
    soonFor: bigint('soon_for', { mode: 'number' }),
    soldOutFor: bigint('sold_out_for', { mode: 'number' }),
    createdAt: created(),
  },
  (t) => [
    primaryKey({ columns: [t.saleId, t.visitor] }),
    // What a pass looks for each second: few of many, once most were told.
    index('place_subscriptions_soon')
      .on(t.saleId, t.lane, t.score)
      .where(sql`soon_for is distinct from number`),
    index('place_subscriptions_sold_out')
      .on(t.saleId, t.visitor)
      .where(sql`sold_out_for is distinct from number`),
    index('place_subscriptions_unranked').on(t.saleId).where(sql`score is null`),
  ],
);

export const noticeChannels = ['mail', 'push'] as const;
export type NoticeChannel = (typeof noticeChannels)[number];

/**
 * What became of a notice. `moved-on`: it was not so any more, as of whoever left or was let in;
 * `too-many`: the address got as many of the sale as any gets; `gone`: the browser has ended its subscription; `no-address`: they do not want it any more.
 */
export type PlaceNoticeEnd =
  | 'sent'
  | 'refused'
  | 'unsubscribed'
  | 'too-late'
  | 'too-many'
  | 'moved-on'
  | 'gone'
  | 'no-address';

/**
 * Each thing that is told of a place, and by push of its orders, once by each channel. The row is
 * what has to follow (D9): while it is not ended it goes into BullMQ whenever it is due.
 */
export const placeNotices = pgTable(
  'place_notices',
  {
    saleId: text('sale_id').notNull(),
    visitor: text('visitor').notNull(),
    number: bigint('number', { mode: 'number' }).notNull(),
    /** `soon`, `your-turn`, `sold-out`, or one of an order. */
    kind: text('kind').notNull(),
    /** The order, and where several payments may be told of, the payment; '' of a place. */
    about: text('about').notNull().default(''),
    channel: text('channel').$type<NoticeChannel>().notNull(),
    /** Of a mail that goes or went: the digest of its address, by which those to one are counted. */
    recipient: text('recipient'),
    usefulUntil: at('useful_until').notNull(),
    /** When it is tried (again). */
    dueAt: at('due_at').notNull(),
    tries: integer('tries').notNull().default(0),
    /** When a worker took it up; null: nobody is at it. */
    claimedAt: at('claimed_at'),
    endedAt: at('ended_at'),
    outcome: text('outcome').$type<PlaceNoticeEnd>(),
    createdAt: created(),
  },
  (t) => [
    primaryKey({ columns: [t.saleId, t.visitor, t.number, t.kind, t.about, t.channel] }),
    index('place_notices_due').on(t.channel, t.dueAt).where(sql`ended_at is null`),
    index('place_notices_recipient').on(t.saleId, t.recipient).where(sql`recipient is not null`),
  ],
);
