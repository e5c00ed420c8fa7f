import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTcpProxy } from '../../../../e2e/faults/tcp-proxy.ts';
import { freshDatabaseUrl } from '../../../../e2e/support/stores.ts';
import { BusyError, DeadlineError, faultKind, makePool, type Pool } from './pool.ts';

let url: string;
let pool: Pool;
const log = { info() {}, warn() {}, error() {} };
beforeAll(async () => {
  url = await freshDatabaseUrl(afterAll);
  pool = makePool({ url, name: 'test', connectionsMax: 2, statementTimeoutMs: 300, log });
});
afterAll(() => pool.close());

const kindOf = (text: string) =>
  pool
    .run(async (sql) => await sql.unsafe(text))
    .then(
      () => 'none',
      (error: unknown) => faultKind(error),
    );

describe('a connection that answers no more', () => {
  it('is given up without those beside it', async () => {
    const way = await startTcpProxy(Number(new URL(url).port));
    const narrow = makePool({
      url: way.through(url),
      name: 'beside',
      connectionsMax: 2,
      statementTimeoutMs: 500,
      log,
    });
    onTestFinished(async () => {
      await narrow.close();
      await way.stop();
    });
    const trap = way.trap({ on: 'to-server', bytes: 'of the dead', hold: 'to-client' });
    let isGivenUp = false;
    const lost = narrow
      .run((sql) => sql`select 'of the dead'`)
      .catch((error: unknown) => error)
      .finally(() => {
        isGivenUp = true;
      });
    await trap.caught;
    // One is under way at the moment when the other is given up.
    while (!isGivenUp) await narrow.run((sql) => sql.begin((tx) => tx`select pg_sleep(0.1)`));
    expect(await lost).toBeInstanceOf(DeadlineError);
    await narrow.run((sql) => sql`select 1`);
  });
});

describe('a fault of Postgres', () => {
  it('is the data’s, or the statement’s where that takes too long', async () => {
    expect(await kindOf('select 1 / 0')).toBe('refused');
    expect(await kindOf('select pg_sleep(2)')).toBe('failed');
  });

  it('is that of a lock where another keeps it', async () => {
    const reply = await pool.run(async (sql) =>
      sql.begin(async (tx) => {
        await tx`select pg_advisory_xact_lock(7)`;
        return await sql
          .begin(async (other) => {
            await other`set local lock_timeout = 50`;
            await other`select pg_advisory_xact_lock(7)`;
          })
          .catch((error: unknown) => ({ code: (error as { code: string }).code, error }));
      }),
    );
    expect(reply).toMatchObject({ code: '55P03' });
    expect(faultKind(reply?.error)).toBe('locked');
  });

  it('is told from too much that waits, of which nothing was done', async () => {
    const narrow = makePool({
      url,
      name: 'narrow',
      connectionsMax: 1,
      waitingMax: 1,
      statementTimeoutMs: 5_000,
      log,
    });
    onTestFinished(() => narrow.close());
    const both = [1, 2].map(() => narrow.run((sql) => sql`select 1`));
    await expect(narrow.run((sql) => sql`select 1`)).rejects.toThrow(BusyError);
    await Promise.all(both);
    await narrow.run((sql) => sql`select 1`);
  });

  it('leaves open what was done where the connection was ended', async () => {
    expect(await kindOf('select pg_terminate_backend(pg_backend_pid())')).toBe('lost');
  });
});
