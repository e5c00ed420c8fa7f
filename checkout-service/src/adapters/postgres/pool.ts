import { arrayTypes } from '@fairgate/shared/db/array-types.ts';
import { plannedAsNeeded } from '@fairgate/shared/db/session.ts';
import postgres from 'postgres';
import type { Log } from '../../app/log.ts';

export type Sql = postgres.Sql;
export type Transaction = postgres.TransactionSql;

export type PoolOptions = {
  url: string;
  /** Shown by Postgres as the connection's application. */
  name: string;
  connectionsMax: number;
  /** Work that may wait for a connection; more is refused with a BusyError. Unset: no bound. */
  waitingMax?: number;
  /** A statement that takes longer is ended by Postgres. */
  statementTimeoutMs: number;
  /**
   * Told when the server says that it ends its connections: those of other pools may be dead without
   * a word, and a query on such a one would wait for its deadline. Unset: this pool is renewed.
   */
  serverGone?: () => void;
  /** Further session settings. The library sends none that is false, 0 or empty. */
  session?: Record<string, string>;
  log: Log;
};

export type Pool = {
  /**
   * Runs work on the pool. Rejects with a BusyError where too much waits, and with a DeadlineError
   * when no answer came in time: then nobody knows whether the work was done, and the connections
   * are made anew.
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

/** Too much waits for a connection already: nothing was done. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

/** Postgres itself ends a statement first; who hears nothing a second later has lost the socket. */
const answerMarginMs = 1_500;
/** Where one socket is dead, what is under way on the others may end. */
const graceMs = 1_000;
const int8 = 20;

/**
 * A pool of postgres.js that outlives its faults: when a socket dies, a query of that library may
 * never settle and its connection never heal (FACTS.md; porsager/postgres #1066, #1154, #1208).
 * So every query has a deadline, and whoever misses it has the whole pool replaced.
 */
export function makePool(options: PoolOptions): Pool {
  let client = connect(options);
  const underWayMax = options.connectionsMax + (options.waitingMax ?? Number.POSITIVE_INFINITY);
  let underWay = 0;
  /** Begun with the present client. */
  let works = new Set<Promise<unknown>>();

  /** What was begun with the old ones has so long to end. */
  function renew(why: string, waitMs: number): void {
    const old = client;
    const begun = [...works];
    client = connect(options);
    works = new Set();
    options.log.warn({ pool: options.name, why }, 'connections to Postgres are made anew');
    // Then what is left is rejected, so that nothing runs long after it was given up.
    const over = new Promise((resolve) => setTimeout(resolve, waitMs));
    void Promise.race([Promise.allSettled(begun), over])
      .then(() => old.end({ timeout: 0 }))
      .catch(() => undefined);
  }

  return {
    async run(work) {
      if (underWay >= underWayMax) {
        throw new BusyError(`${underWay} wait for ${options.name}`);
      }
      underWay += 1;
      const used = client;
      const deadlineMs = options.statementTimeoutMs + answerMarginMs;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new DeadlineError(`no answer from Postgres within ${deadlineMs} ms`));
          // One socket is dead; the others may be well, and busy.
          if (client === used) renew('no answer in time', graceMs);
        }, deadlineMs);
      });
      const answer = work(used);
      const begunWith = works;
      begunWith.add(answer);
      // Also where it fails after the deadline, and nobody listens any more.
      answer.catch((error: unknown) => {
        if (client !== used || !isServerGone(error)) return;
        if (options.serverGone) options.serverGone();
        else renew('the server ends its connections', 0);
      });
      return await Promise.race([answer, late]).finally(() => {
        clearTimeout(timer);
        underWay -= 1;
        begunWith.delete(answer);
      });
    },
    renew: (why) => renew(why, 0),
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
      ...plannedAsNeeded,
      // What was answered 2xx is kept (CONTRACT.md section 7), whatever the server's default.
      synchronous_commit: 'on',
      ...options.session,
    },
  });
}

/** `admin_shutdown` and `crash_shutdown`. */
function isServerGone(error: unknown): boolean {
  return error instanceof postgres.PostgresError && ['57P01', '57P02'].includes(error.code);
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

/** `lock_timeout` (55P03). */
const lockNotHad = '55P03';

/**
 * What a fault tells of a statement. `refused`: its data is bad. `locked`: another transaction kept a
 * row for too long. `failed`: Postgres could not do it (57014 is its time-out). `raced`: another
 * transaction was there between its look and its write. After these for certain nothing was written.
 * `lost`: nobody knows.
 */
export function faultKind(error: unknown): 'refused' | 'locked' | 'failed' | 'raced' | 'lost' {
  if (!(error instanceof postgres.PostgresError)) return 'lost';
  if (error.code === lockNotHad) return 'locked';
  if (raceChecks.includes(error.constraint_name ?? '')) return 'raced';
  const isOf = (classes: string[]) => classes.some((start) => error.code.startsWith(start));
  if (isOf(lostClasses)) return 'lost';
  return isOf(dataClasses) ? 'refused' : 'failed';
}
