import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { arrayTypes } from './array-types.ts';
import * as schema from './schema.ts';
import { plannedAsNeeded } from './session.ts';

export type Database = PostgresJsDatabase<typeof schema>;
export type Sql = postgres.Sql;
export type DatabaseClient = { db: Database; sql: Sql; close(): Promise<void> };

export type DatabaseOptions = {
  url: string;
  /** Shown by Postgres as the connection's application. */
  name: string;
  connectionsMax: number;
  /** A statement that takes longer is ended by Postgres. */
  statementTimeoutMs: number;
};

/** How long to wait before the nth attempt to connect again, in seconds: quick, then bounded. */
function backoffSeconds(attempt: number): number {
  return Math.min(2, 0.05 * 2 ** attempt) * (0.75 + Math.random() / 4);
}

/** A pool of Postgres connections with drizzle on top. Connects lazily; never logs parameters. */
export function connectDatabase(options: DatabaseOptions): DatabaseClient {
  const sql = postgres(options.url, {
    max: options.connectionsMax,
    connect_timeout: 5,
    idle_timeout: 60,
    backoff: backoffSeconds,
    onnotice: () => {},
    fetch_types: false,
    types: arrayTypes,
    connection: {
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
      ...plannedAsNeeded,
    },
  });
  return { db: drizzle(sql, { schema }), sql, close: () => sql.end({ timeout: 2 }) };
}
