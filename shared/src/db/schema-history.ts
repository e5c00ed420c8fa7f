import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

// Figures of live sales over time (queue-service/src/app/history.ts). Owner: the queue service.

const columns = {
  saleId: text('sale_id').notNull(),
  at: at('at').notNull(),
  /** As the stream told them, without the settings (`live-figures.ts`). */
  figures: jsonb('figures').$type<unknown>().notNull(),
};

/** One row a second and live sale, kept for an hour. */
export const roomSeconds = pgTable('room_seconds', columns, (t) => [
  primaryKey({ columns: [t.saleId, t.at] }),
  index('room_seconds_by_age').on(t.at),
]);

/** The last second of each minute, kept for 90 days. */
export const roomMinutes = pgTable('room_minutes', columns, (t) => [
  primaryKey({ columns: [t.saleId, t.at] }),
  index('room_minutes_by_age').on(t.at),
]);
