import { index, pgSequence, pgTable, text } from 'drizzle-orm/pg-core';
import type { BanKind } from '../bans/ban.ts';
import { at, created } from './columns.ts';

/**
 * Who is barred at the edge. Lifted and expired bans are deleted: the ledger tells of them. Owner:
 * the queue service.
 */
export const bans = pgTable(
  'bans',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<BanKind>().notNull(),
    /** In the one form that `banValue` gives it. */
    value: text('value').notNull(),
    reason: text('reason').notNull(),
    /** `key:…` or `system:…`, as in the ledger. */
    actor: text('actor').notNull(),
    createdAt: created(),
    /** Null: until it is lifted. */
    expiresAt: at('expires_at'),
  },
  (t) => [index('bans_by_value').on(t.kind, t.value)],
);

/** Orders the lists of bans that are published: one with a higher version was read later. */
export const banListVersion = pgSequence('ban_list_version');
