import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { messageOf, SetupError } from '../setup-error.ts';
import {
  clearStalePid,
  type PostgresPlace,
  postgresUrl,
  postgresUser,
  preparePostgres,
} from '../toolchain/postgres.ts';
import { clearRedis, findRedis, redisCommand } from '../toolchain/redis.ts';
import type { ProcessSpec } from './managed-process.ts';
import type { PortPlan } from './ports.ts';
import { postgresAnswers, redisAnswers } from './probe.ts';

export type StorePlan = { ports: PortPlan; dataDir: string; onLine(line: string): void };

/** A store of the stack; without a process where it is the user's own. */
export type Store = { url: string; spec?: ProcessSpec };

/** Redis as production has it: an append-only file, and no key is ever evicted. */
export async function redisStore(plan: StorePlan, ownUrl: string | undefined): Promise<Store> {
  if (ownUrl) {
    await checkOwnRedis(ownUrl);
    return { url: ownUrl };
  }
  const program = await findRedis(plan.onLine);
  const port = plan.ports.redis;
  const folder = join(plan.dataDir, 'redis');
  mkdirSync(folder, { recursive: true });
  const spec: ProcessSpec = {
    name: 'redis',
    command: redisCommand(program, { port, folder, durable: true }),
    isReady: () => redisAnswers(port),
    beforeStart: () => clearRedis(program, port),
    stopSignal: 'SIGTERM',
  };
  return { url: `redis://127.0.0.1:${port}`, spec };
}

/** Postgres with every commit on disk before it is answered; its database is made by `ensureDatabase`. */
export async function postgresStore(
  plan: StorePlan,
  password: string,
  ownUrl: string | undefined,
): Promise<Store> {
  if (ownUrl) {
    await checkOwnPostgres(ownUrl);
    return { url: ownUrl };
  }
  const folder = join(plan.dataDir, 'postgres');
  const place: PostgresPlace = { folder, port: plan.ports.postgres, password, durable: true };
  const spec: ProcessSpec = {
    name: 'postgres',
    command: await preparePostgres(place, plan.onLine),
    isReady: () => postgresAnswers(place.port, postgresUser),
    beforeStart: () => clearStalePid(folder),
    // A "fast" shutdown: sessions are ended, everything is written.
    stopSignal: 'SIGINT',
  };
  return { url: postgresUrl(place, 'fairgate'), spec };
}

/** Makes the stack's database on its own Postgres at the first start. */
export async function ensureDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const server = new URL(url);
  server.pathname = '/postgres';
  const sql = postgres(server.href, { max: 1, onnotice: () => {} });
  try {
    const found = await sql`select 1 from pg_database where datname = ${name}`;
    if (found.length === 0) await sql`create database ${sql(name)}`;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function checkOwnRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw unreachable('FAIRGATE_REDIS_URL', url, error);
  } finally {
    redis.disconnect();
  }
}

async function checkOwnPostgres(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    await sql`select 1`;
  } catch (error) {
    throw unreachable('FAIRGATE_DATABASE_URL', url, error);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Says which setting is wrong, without the password that may be in it. */
function unreachable(setting: string, url: string, error: unknown): SetupError {
  const where = URL.canParse(url) ? new URL(url).host : 'what is no URL';
  return new SetupError(
    `${setting} points at ${where}, which does not answer: ${messageOf(error)}`,
  );
}
