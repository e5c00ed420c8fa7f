import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../../../e2e/support/stores.ts';
import { faultKind, makePool, type Pool } from './pool.ts';

let pool: Pool;
beforeAll(async () => {
  const url = await freshDatabaseUrl(afterAll);
  const log = { info() {}, warn() {}, error() {} };
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

  it('is the statement’s where another holds the lock', async () => {
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
    expect(faultKind(reply?.error)).toBe('failed');
  });

  it('leaves open what was done where the connection was ended', async () => {
    expect(await kindOf('select pg_terminate_backend(pg_backend_pid())')).toBe('lost');
  });
});
