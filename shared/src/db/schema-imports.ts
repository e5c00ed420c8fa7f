import { boolean, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { created } from './columns.ts';

/**
 * Rows of product files while they are read: nothing of a file is in the products before all of it
 * is. Unlogged (a crash of Postgres empties it), and emptied when its import ends; what a process
 * left that died is dropped by a later import. Owner: the queue service.
 */
export const productImportRows = pgTable(
  'product_import_rows',
  {
    importId: text('import_id').notNull(),
    /** Where it begins in the file; the first line is 1. */
    line: integer('line').notNull(),
    /** Of a new product: the id that it will have. */
    productId: text('product_id').notNull(),
    isNew: boolean('is_new').notNull(),
    /** The columns that the file has. */
    fields: jsonb('fields').$type<Record<string, unknown>>().notNull(),
    /** All units; null where the file does not tell. */
    stock: integer('stock'),
    createdAt: created(),
  },
  (t) => [primaryKey({ columns: [t.importId, t.line] })],
);
