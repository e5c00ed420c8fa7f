import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Appearance } from '../appearance.ts';
import { at } from './columns.ts';

/**
 * The shop's own look of each sale's pages. What is taken away leaves `{}` behind, so that versions
 * only rise. Owner: the queue service; the checkouts read it.
 */
export const saleAppearances = pgTable('sale_appearances', {
  saleId: text('sale_id').primaryKey(),
  /** Its HTML was cleaned when it was written. */
  appearance: jsonb('appearance').$type<Appearance>().notNull(),
  version: integer('version').notNull(),
  updatedAt: at('updated_at').notNull(),
});
