import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../../e2e/faults/tcp-proxy.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { connectDatabase, type DatabaseClient, type Sql } from './client.ts';

const patience = { timeout: 30_000, interval: 20 };

let databaseUrl: string;
let proxy: TcpProxy;
beforeAll(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
  proxy = await startTcpProxy(Number(new URL(databaseUrl).port));
});
afterAll(async () => await proxy.stop());

function client(): DatabaseClient {
  const made = connectDatabase({
    url: proxy.through(databaseUrl),
    name: 'client-test',
    connectionsMax: 4,
    statementTimeoutMs: 5_000,
  });
  onTestFinished(async () => {
    proxy.mend();
    await made.close();
  });
  return made;
}

const isAnswering = async ({ sql }: DatabaseClient) =>
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);

/** Queries and transactions without a pause, until it is told to end; how many are still open. */
function storm({ sql }: DatabaseClient) {
  let goesOn = true;
  let open = 0;
  const one = async (work: () => Promise<unknown>) => {
    while (goesOn) {
      open += 1;
      await work().catch(() => {});
      open -= 1;
      await turn();
    }
  };
  const query = async () => await sql`select ${'x'} as x`;
  const transaction = async () =>
    await sql.begin(async (tx) => {
      await tx`select ${1}::int`;
      await tx`select ${2}::int`;
    });
  const all = [query, query, query, query, transaction, transaction].map(one);
  const end = () => {
    goesOn = false;
  };
  return { end, open: () => open, all: Promise.all(all) };
}

it('outlives resets in the middle of writing: it answers again, and leaves no query open', async () => {
  const database = client();
  for (let round = 0; round < 10; round += 1) {
    const { end, open, all } = storm(database);
    await sleep(20 + round * 3);
    proxy.refuse(true);
    proxy.reset();
    await sleep(round * 10);
    end();
    proxy.refuse(false);
    await vi.waitFor(() => isAnswering(database), patience);
    await vi.waitFor(() => expect(open()).toBe(0), patience);
    await all;
  }
}, 120_000);

it('a transaction goes on over a short query that lost another connection', async () => {
  const database = client();
  const pid = async (sql: Sql | TransactionSql) =>
    (await sql`select pg_backend_pid() as pid`)[0]?.pid;
  const lost = await database.sql.begin(async (tx) => {
    const own = await pid(tx);
    const other = await pid(database.sql);
    expect(other).not.toBe(own);
    await tx`select pg_terminate_backend(${other})`;
    await vi.waitFor(
      async () => expect([own, other]).not.toContain(await pid(database.sql)),
      patience,
    );
    return own === (await pid(tx)) ? other : undefined;
  });
  expect(lost).toBeDefined();
});
