import type * as schema from '@fairgate/shared/db/schema.ts';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

/** The pool, or a transaction on it. */
export type Executor = PgDatabase<PostgresJsQueryResultHKT, typeof schema>;

/** The SQLSTATE of a failed statement; drizzle wraps the driver's error as the cause. */
export function sqlState(error: unknown): string | null {
  if (error instanceof postgres.PostgresError) return error.code;
  return error instanceof Error && error.cause !== undefined ? sqlState(error.cause) : null;
}
