import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import postgres, { type TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Certificates, makeCertificates } from '../../../e2e/faults/certificates.ts';
import { startTcpProxy, type TcpProxy } from '../../../e2e/faults/tcp-proxy.ts';
import { startTlsFront } from '../../../e2e/faults/tls-front.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { holdsFor } from '../../../e2e/support/wait.ts';
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

function client(url = proxy.through(databaseUrl)): DatabaseClient {
  const made = connectDatabase({
    url,
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

/** Queries and transactions without a pause, until it is told to end; how many are open, and are over. */
function storm({ sql }: DatabaseClient) {
  let goesOn = true;
  let open = 0;
  let done = 0;
  const one = async (work: () => Promise<unknown>) => {
    while (goesOn) {
      open += 1;
      await work().catch(() => {});
      open -= 1;
      done += 1;
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
  return { end, open: () => open, done: () => done, all: Promise.all(all) };
}

const isReached = 'however often, it answers again, leaves no query open and no connection behind';

async function outlivesResets(database: DatabaseClient, rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    const { end, open, done, all } = storm(database);
    await vi.waitFor(() => expect(done()).toBeGreaterThan(50), patience);
    proxy.refuse(true);
    proxy.reset();
    const attempts = () => proxy.count().opened - before;
    const before = proxy.count().opened;
    // The last time until attempts to connect lie a second and more apart.
    const most = round < rounds ? round : 12;
    await vi.waitFor(() => expect(attempts()).toBeGreaterThanOrEqual(most), patience);
    end();
    proxy.refuse(false);
    await vi.waitFor(() => isAnswering(database), patience);
    await vi.waitFor(() => expect(open()).toBe(0), patience);
    await all;
  }
  await noMoreThan(connectionsMax);
}

it(`outlives resets in the middle of writing: ${isReached}`, async () => {
  await outlivesResets(client(), 6);
}, 120_000);

async function refusedMeanwhile(database: DatabaseClient): Promise<void> {
  await database.sql.begin(async (tx) => {
    const own = await pidOf(tx);
    proxy.refuse(true);
    await holdsFor(2, async () => {
      await expect(isAnswering(database)).rejects.toThrow();
      expect(await pidOf(tx)).toBe(own);
    });
    proxy.refuse(false);
  });
  await isAnswering(database);
}

it('connections that the server refuses end no transaction, however long', async () => {
  await refusedMeanwhile(client());
}, 60_000);

/** The URL of one who may have two connections. */
async function limited(url: string): Promise<string> {
  const role = `limited_${randomBytes(4).toString('hex')}`;
  await direct.unsafe(`create role ${role} login password 'limited' connection limit 2`);
  onTestFinished(async () => void (await direct.unsafe(`drop role ${role}`)));
  return Object.assign(new URL(url), { username: role, password: 'limited' }).href;
}

async function isShortOfConnections(database: DatabaseClient): Promise<void> {
  await database.sql.begin(async (tx) => {
    const own = await pidOf(tx);
    const { end, all } = storm(database);
    const refused = async () => await database.sql`select 1`.then(() => false, isTooMany);
    await vi.waitFor(async () => expect(await refused()).toBe(true), patience);
    await holdsFor(2, async () => expect(await pidOf(tx)).toBe(own));
    end();
    await all;
  });
}

const isTooMany = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === '53300';

it('too few connections for all end no transaction either', async () => {
  await isShortOfConnections(client(await limited(proxy.through(databaseUrl))));
}, 60_000);

describe('behind TLS', () => {
  let certificates: Certificates;
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'fairgate-tls-'));
    certificates = makeCertificates(folder);
    return () => rmSync(folder, { recursive: true, force: true });
  });

  async function behindTls(sslmode: string, files: Certificates | null, isLimited = false) {
    const front = await startTlsFront(proxy.port, files);
    const url = new URL(databaseUrl);
    url.port = String(front.port);
    url.searchParams.set('sslmode', sslmode);
    // Registered before the client's end, and so done after it.
    onTestFinished(front.stop);
    return client(isLimited ? await limited(url.href) : url.href);
  }

  it(`outlives resets in the middle of writing: ${isReached}`, async () => {
    await outlivesResets(await behindTls('require', certificates), 4);
  }, 120_000);

  it('connections that the server refuses end no transaction, however long', async () => {
    await refusedMeanwhile(await behindTls('require', certificates));
  }, 60_000);

  it('too few connections for all end no transaction either', async () => {
    await isShortOfConnections(await behindTls('require', certificates, true));
  }, 60_000);

  it('checks the certificate where it is told to, and goes on without TLS only where it may', async () => {
    const strict = await behindTls('verify-full', certificates);
    await expect(isAnswering(strict)).rejects.toThrow(/certificate/);
    const needed = await behindTls('require', null);
    await expect(isAnswering(needed)).rejects.toThrow('does not speak TLS');
    await isAnswering(await behindTls('prefer', null));
  });
});

it('a lost connection ends no short transaction on another one, and no query made before', async () => {
  const database = client();
  const made = await database.sql.begin(async (tx) => {
    const own = await pidOf(tx);
    const other = await pidOf(database.sql);
    expect(other).not.toBe(own);
    // By the pool that is given up now, and sent when they are waited for.
    const queries = Array.from({ length: 40 }, () => database.sql`select 1`);
    await tx`select pg_terminate_backend(${other})`;
    const renewed = async () => expect([own, other]).not.toContain(await pidOf(database.sql));
    await vi.waitFor(renewed, patience);
    expect(await pidOf(tx)).toBe(own);
    return { queries };
  });
  const ends = await Promise.allSettled(made.queries);
  // In the place of the lost connection postgres.js fails what it sends first.
  const failed = ends.filter(({ status }) => status === 'rejected');
  expect(failed.length).toBeLessThan(ends.length / 2);
  await noMoreThan(connectionsMax);
});

it('a query on a way that carries nothing ends when the pool is closed', async () => {
  const database = client();
  await isAnswering(database);
  proxy.freeze('to-server', 'to-client');
  const query = expect(isAnswering(database)).rejects.toThrow();
  await database.close();
  await query;
});
