import { setTimeout as sleep } from 'node:timers/promises';
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

/** Work that was under way on the other connections has so long to end. */
const graceSeconds = 1;
/** Not more often are connections made anew. */
const renewEveryMs = 250;

/**
 * A pool of Postgres connections with drizzle on top. Connects lazily; never logs parameters.
 *
 * A connection of postgres.js that is closed while something waits to be written never writes
 * again, and queries on it may never settle (FACTS.md; porsager/postgres #1066, #1154, #1208). So
 * none is kept for its age or closed for being idle, and where one was closed, all are made anew:
 * what was under way on them is rejected where it has not ended a second later.
 */
export function connectDatabase(options: DatabaseOptions): DatabaseClient {
  let current = open();
  let renewing: NodeJS.Timeout | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  const old = new Set<Promise<void>>();

  function open(): { sql: Sql; db: Database } {
    const sql = postgres(options.url, {
      ...settings(options),
      onclose: () => {
        if (sql === current.sql && !isClosed) renewSoon();
      },
    });
    return { sql, db: drizzle(sql, { schema }) };
  }

  function renewSoon(): void {
    const waitMs = Math.max(0, renewedAt + renewEveryMs - performance.now());
    renewing ??= setTimeout(renew, waitMs);
  }

  function renew(): void {
    renewing = undefined;
    renewedAt = performance.now();
    const { sql } = current;
    current = open();
    const ended = sql
      .end({ timeout: graceSeconds })
      .catch(() => {})
      .finally(() => old.delete(ended));
    old.add(ended);
  }

  return {
    db: following(() => current.db),
    sql: following(() => current.sql),
    async close() {
      isClosed = true;
      clearTimeout(renewing);
      const lastMs = 2_000;
      await Promise.race([
        Promise.all([current.sql.end({ timeout: lastMs / 1_000 }), ...old]),
        sleep(lastMs, undefined, { ref: false }),
      ]);
    },
  };
}

/** Stands for whatever is the present one at each use. */
function following<T extends Database | Sql>(present: () => T): T {
  return new Proxy(present(), {
    apply: (_target, self, args) => Reflect.apply(present() as Sql, self, args),
    get(_target, key) {
      const object = present();
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

function settings(options: DatabaseOptions) {
  return {
    max: options.connectionsMax,
    connect_timeout: 5,
    max_lifetime: null,
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
  };
}
