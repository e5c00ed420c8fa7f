import { setTimeout as sleep } from 'node:timers/promises';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { arrayTypes } from './array-types.ts';
import { poolSockets } from './pool-sockets.ts';
import * as schema from './schema.ts';
import { serverOf } from './server-socket.ts';
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

/** How long the network, and then the server, may take to make a connection. */
const connectSeconds = 5;
/** Work that was under way on the other connections has so long to end. */
const graceSeconds = 1;
/** Not more often are connections made anew. */
const renewEveryMs = 250;
/** How long `close` waits for work under way. */
const lastSeconds = 2;

/**
 * A pool of Postgres connections with drizzle on top. Connects lazily; never logs parameters.
 *
 * A connection of postgres.js that is closed while something waits to be written never writes
 * again, and queries on it may never settle (FACTS.md; porsager/postgres #1066, #1154, #1208). So
 * none is kept for its age or closed for being idle, and where one was lost, all are made anew:
 * what was under way on them is rejected where it has not ended a second later.
 */
export function connectDatabase(options: DatabaseOptions): DatabaseClient {
  const ending = new Set<Promise<void>>();
  let renewing: NodeJS.Timeout | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  let current = open();

  function open(): Client {
    const client: Client = openClient(options, () => {
      if (client === current && !isClosed) renewSoon();
    });
    return client;
  }

  function renewSoon(): void {
    const waitMs = Math.max(0, renewedAt + renewEveryMs - performance.now());
    renewing ??= setTimeout(renew, waitMs);
  }

  function renew(): void {
    renewing = undefined;
    renewedAt = performance.now();
    const old = current;
    current = open();
    // Ended at once it would leave what waits for a connection.
    const ended = sleep(graceSeconds * 1_000)
      .then(() => old.end(0))
      .finally(() => ending.delete(ended));
    ending.add(ended);
  }

  return {
    db: following(() => current.db),
    sql: following(() => current.sql),
    async close() {
      isClosed = true;
      clearTimeout(renewing);
      await Promise.all([current.end(lastSeconds), ...ending]);
    },
  };
}

type Client = { db: Database; sql: Sql; end(seconds: number): Promise<void> };

/**
 * One client of postgres.js. `onLost` is told of each connection that was lost; of none where the
 * URL names several servers, among which postgres.js chooses by itself.
 */
function openClient(options: DatabaseOptions, onLost: () => void): Client {
  const given = settings(options);
  const server = serverOf(postgres(options.url, given).options, connectSeconds * 1_000);
  const sockets = server && poolSockets(server, onLost);
  // TLS is theirs too. The types do not know of `socket`.
  const own = sockets ? { socket: sockets.open, ssl: false as const } : {};
  const sql = postgres(options.url, { ...given, ...own });
  const end = async (seconds: number) => {
    await sql.end({ timeout: seconds }).catch(() => {});
    // One that waits for its next attempt, or does not answer, would outlive the client.
    sockets?.destroy();
  };
  return { db: drizzle(sql, { schema }), sql, end };
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
    connect_timeout: connectSeconds,
    max_lifetime: null,
    idle_timeout: 0,
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
