import { sql } from 'drizzle-orm';
import { bigint, check, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { AuditReport } from '../log/auditor.ts';
import { at } from './columns.ts';

// The public log of each sale, and the draws of lotteries (docs/draw.md gives every byte).

/** Chained lines, some 2,000 together; append-only, kept so by triggers. Owner: `log/drain.ts`. */
export const logBlocks = pgTable(
  'log_blocks',
  {
    saleId: text('sale_id').notNull(),
    firstSeq: bigint('first_seq', { mode: 'number' }).notNull(),
    lastSeq: bigint('last_seq', { mode: 'number' }).notNull(),
    /** The chain's head after the last of these lines, 64 hex digits. */
    head: text('head').notNull(),
    /** NDJSON, with a line break after each line. */
    body: text('body').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.saleId, t.firstSeq] }),
    check('log_blocks_order', sql`first_seq <= last_seq`),
  ],
);

/** Where each log ends. Whoever appends holds the row. */
export const logHeads = pgTable('log_heads', {
  saleId: text('sale_id').primaryKey(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  head: text('head').notNull(),
  /** Lines by kind. */
  counts: jsonb('counts').$type<Record<string, number>>().notNull().default({}),
  /** What an auditor found up to its own `seq`; null until one has looked. */
  audit: jsonb('audit').$type<AuditReport>(),
});

/** The draws of lotteries, from the secret to the key. Owner: the queue service, then `draw/`. */
export const draws = pgTable('draws', {
  saleId: text('sale_id').primaryKey(),
  /** 64 hex digits; shown to nobody before `drawnAt`. */
  secret: text('secret').notNull(),
  commitment: text('commitment').notNull(),
  /** Where public randomness comes from, named before the lobby opens; '' for none. */
  randomnessUrl: text('randomness_url').notNull().default(''),
  publishedAt: at('published_at'),
  /** The line that ended the lobby, the head after it, and how many numbers had been given out. */
  lobbySeq: bigint('lobby_seq', { mode: 'number' }),
  lobbyHead: text('lobby_head'),
  entrants: bigint('entrants', { mode: 'number' }),
  closedAt: at('closed_at'),
  randomness: text('randomness'),
  /** Once it stands here the order of the lobby stands, whatever is lost. */
  key: text('key'),
  drawnAt: at('drawn_at'),
  /** Why the draw is not done yet, for the operator; null where nothing is wrong. */
  trouble: text('trouble'),
});

/**
 * Passes that let somebody into the priority lane, each once. Written with the lines that tell of
 * it, so that a room that was lost knows them when it begins again. Owner: `log/drain.ts`.
 */
export const spentPasses = pgTable(
  'spent_passes',
  {
    saleId: text('sale_id').notNull(),
    /** `jti` of the pass. */
    passId: text('pass_id').notNull(),
    visitor: text('visitor').notNull(),
    /** Of the place that it made. */
    number: bigint('number', { mode: 'number' }).notNull(),
    at: at('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.saleId, t.passId] })],
);
