import { arrayTypes } from '@fairgate/shared/db/array-types.ts';
import postgres from 'postgres';
import type { Log } from '../../app/log.ts';

export type Sql = postgres.Sql;
export type Transaction = postgres.TransactionSql;

export type PoolOptions = {
  url: string;
  /** Shown by Postgres as the connection's application. */
  name: string;
  connectionsMax: number;
  /** A statement that takes longer is ended by Postgres. */
  statementTimeoutMs: number;
  /** Further session settings. */
  session?: Record<string, string | number | boolean>;
  log: Log;
};

export type Pool = {
  /**
   * Runs work on the pool. Rejects with a DeadlineError when no answer came in time: then nobody
   * knows whether the work was done, and the connections are made anew.
   */
  run<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Throws the connections away, and makes new ones when they are needed. */
  renew(why: string): void;
  close(): Promise<void>;
};

/** Postgres gave no answer in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Postgres itself ends a statement first; who hears nothing a second later has lost the socket. */
const answerMarginMs = 1_500;
const int8 = 20;

/**
 * A pool of postgres.js that outlives its faults: when a socket dies, a query of that library may
 * never settle and its connection never heal (FACTS.md; porsager/postgres #1066, #1154, #1208).
 * So every query has a deadline, and whoever misses it has the whole pool replaced.
 */
export function makePool(options: PoolOptions): Pool {
  let client = connect(options);

  function renew(why: string): void {
    const old = client;
    client = connect(options);
    options.log.warn({ pool: options.name, why }, 'connections to Postgres are made anew');
    // Queries that wait on the old ones are rejected, so that none runs after it was given up.
    void old.end({ timeout: 0 }).catch(() => undefined);
  }

  return {
    async run(work) {
      const used = client;
      const deadlineMs = options.statementTimeoutMs + answerMarginMs;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new DeadlineError(`no answer from Postgres within ${deadlineMs} ms`));
          if (client === used) renew('no answer in time');
        }, deadlineMs);
      });
      const answer = work(used);
      // Should it fail after the deadline, nobody listens any more.
      answer.catch(() => undefined);
      return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
    },
    renew,
    close: () => client.end({ timeout: 2 }),
  };
}

function connect(options: PoolOptions): Sql {
  return postgres(options.url, {
    max: options.connectionsMax,
    connect_timeout: 3,
    idle_timeout: 60,
    backoff: (attempt: number) => Math.min(1, 0.05 * 2 ** attempt) * (0.75 + Math.random() / 4),
    onnotice: () => {},
    fetch_types: false,
    types: {
      ...arrayTypes,
      int8: { to: int8, from: [int8], serialize: String, parse: Number },
    },
    connection: {
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.statementTimeoutMs,
      idle_in_transaction_session_timeout: 10_000,
      // What was answered 2xx is kept (CONTRACT.md section 7), whatever the server's default.
      synchronous_commit: 'on',
      ...options.session,
    },
  });
}

/**
 * SQLSTATE classes after which one looks again, and tries again: the server went away (the outcome
 * of a COMMIT is not known), or it rolled back for another's sake (40, a deadlock).
 */
const lostClasses = ['08', '40', '57P'];

/** Those of bad data, broken constraints and refusing triggers: whoever brought it meets them again. */
const dataClasses = ['22', '23', 'P0'];

/** Checks that only a race breaks: the statement itself looks before it writes. */
const raceChecks = ['buyer_units_bound'];

/**
 * What a fault tells of a statement. `refused`: its data is bad. `failed`: Postgres could not do it
 * (57014 and 55P03 are its time-outs). `raced`: another
 * transaction was there between its look and its write. After these for certain nothing was written.
 * `lost`: nobody knows.
 */
export function faultKind(error: unknown): 'refused' | 'failed' | 'raced' | 'lost' {
  if (!(error instanceof postgres.PostgresError)) return 'lost';
  if (raceChecks.includes(error.constraint_name ?? '')) return 'raced';
  const isOf = (classes: string[]) => classes.some((start) => error.code.startsWith(start));
  if (isOf(lostClasses)) return 'lost';
  return isOf(dataClasses) ? 'refused' : 'failed';
}
