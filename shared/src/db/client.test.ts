import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import postgres, { type TransactionSql } from 'postgres';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../../e2e/faults/tcp-proxy.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { connectDatabase, type DatabaseClient, type Sql } from './client.ts';

const name = 'client-test';
const connectionsMax = 4;
const patience = { timeout: 30_000, interval: 20 };

let databaseUrl: string;
let proxy: TcpProxy;
let direct: Sql;
beforeAll(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
  direct = postgres(databaseUrl, { max: 1 });
  proxy = await startTcpProxy(Number(new URL(databaseUrl).port));
});
afterAll(async () => {
  await direct.end();
  await proxy.stop();
});

function client(): DatabaseClient {
  const made = connectDatabase({
    url: proxy.through(databaseUrl),
    name,
    connectionsMax,
    statementTimeoutMs: 5_000,
  });
  onTestFinished(async () => {
    proxy.mend();
    await made.close();
    await vi.waitFor(async () => expect(await connections()).toEqual([]), patience);
  });
  return made;
}

const isAnswering = async ({ sql }: DatabaseClient) =>
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);

const pidOf = async (sql: Sql | TransactionSql) =>
  Number((await sql`select pg_backend_pid() as pid`)[0]?.pid);

/** Those of clients of here, as Postgres counts them. */
const connections = () => direct`select pid from pg_stat_activity where application_name = ${name}`;

const noMoreThan = (most: number) =>
  vi.waitFor(async () => expect((await connections()).length).toBeLessThanOrEqual(most), patience);

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

const isReached = 'however often, it answers again, leaves no query open and no connection behind';

it(`outlives resets in the middle of writing: ${isReached}`, async () => {
  const database = client();
  for (let round = 0; round < 8; round += 1) {
    const { end, open, all } = storm(database);
    await sleep(20 + round * 3);
    proxy.refuse(true);
    proxy.reset();
    // The last time for so long that its attempts to connect lie seconds apart.
    await sleep(round < 7 ? round * 10 : 3_000);
    end();
    proxy.refuse(false);
    await vi.waitFor(() => isAnswering(database), patience);
    await vi.waitFor(() => expect(open()).toBe(0), patience);
    await all;
  }
  await noMoreThan(connectionsMax);
}, 120_000);

it('a lost connection ends no short transaction on another one', async () => {
  const database = client();
  await database.sql.begin(async (tx) => {
    const own = await pidOf(tx);
    const other = await pidOf(database.sql);
    expect(other).not.toBe(own);
    const queue = Array.from({ length: 40 }, () => database.sql`select pg_sleep(0.05)`);
    await tx`select pg_terminate_backend(${other})`;
    await Promise.allSettled(queue);
    const renewed = async () => expect([own, other]).not.toContain(await pidOf(database.sql));
    await vi.waitFor(renewed, patience);
    expect(await pidOf(tx)).toBe(own);
  });
  await noMoreThan(connectionsMax);
});

it('connections that the server refuses end no transaction, however long', async () => {
  const database = client();
  await database.sql.begin(async (tx) => {
    const own = await pidOf(tx);
    proxy.refuse(true);
    await expect(isAnswering(database)).rejects.toThrow();
    await sleep(2_000);
    await expect(isAnswering(database)).rejects.toThrow();
    proxy.refuse(false);
    expect(await pidOf(tx)).toBe(own);
  });
  await isAnswering(database);
});

it('a query on a way that carries nothing ends when the pool is closed', async () => {
  const database = client();
  await isAnswering(database);
  proxy.freeze('to-server', 'to-client');
  const query = expect(isAnswering(database)).rejects.toThrow();
  await database.close();
  await query;
});
