import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../../../e2e/support/stores.ts';
import { BusyError, faultKind, makePool, type Pool } from './pool.ts';

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
    const both = [1, 2].map(() => narrow.run((sql) => sql`select pg_sleep(0.05)`));
    await expect(narrow.run((sql) => sql`select 1`)).rejects.toThrow(BusyError);
    await Promise.all(both);
    await narrow.run((sql) => sql`select 1`);
  });

  it('leaves open what was done where the connection was ended', async () => {
    expect(await kindOf('select pg_terminate_backend(pg_backend_pid())')).toBe('lost');
  });
});
