import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, created } from './columns.ts';

// Who may use the control API, and what they sent twice. Owner: the queue service.

export type ApiRole = 'viewer' | 'operator' | 'admin';

/** Keys of the control API; the key itself is never kept. */
export const apiKeys = pgTable('api_keys', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  role: text('role').$type<ApiRole>().notNull(),
  /** SHA-256 of the key, in hex; keys are 256 random bits, so no slow hash is needed. */
  hash: text('hash').notNull().unique(),
  createdAt: created(),
  /** Null: until it is revoked. */
  expiresAt: at('expires_at'),
  /** To some seconds. */
  lastUsedAt: at('last_used_at'),
  revokedAt: at('revoked_at'),
});

/** Who is signed in at the console. Those that ended are deleted; the ledger tells of them. */
export const consoleSessions = pgTable('console_sessions', {
  /** SHA-256 of the cookie's value, in hex. */
  hash: text('hash').primaryKey(),
  /** `key:…`, `user:…`, as in the ledger. */
  actor: text('actor').notNull(),
  name: text('name').notNull(),
  role: text('role').$type<ApiRole>().notNull(),
  /** The key that was signed in with: the session ends with it, and has its role. */
  keyId: text('key_id'),
  createdAt: created(),
  expiresAt: at('expires_at').notNull(),
});

/** Results of creating calls, by the `Idempotency-Key` that they came with; kept for 24 h. */
export const onceResults = pgTable(
  'once_results',
  {
    actor: text('actor').notNull(),
    key: text('key').notNull(),
    /** Of the request: method, path and body. */
    digest: text('digest').notNull(),
    result: jsonb('result').$type<unknown>(),
    createdAt: created(),
  },
  (t) => [primaryKey({ columns: [t.actor, t.key] })],
);
