import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { inject, onTestFinished } from 'vitest';
import { startTestRedis } from '../../scripts/test/stores.ts';

export type OwnRedis = { url: string; stop(): Promise<void> };

/**
 * A Redis server of one's own, empty, in some 20 ms: it may be flushed, paused or stopped at will.
 * Whoever starts it stops it; `freshRedisUrl` does both. With a password, the URL has it too.
 */
export async function startOwnRedis(password?: string): Promise<OwnRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-redis-'));
  const store = await startTestRedis(inject('redisProgram'), folder);
  const stop = async () => {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const url = new URL(store.url);
  if (password !== undefined) {
    const redis = new Redis(store.url);
    await redis.config('SET', 'requirepass', password);
    redis.disconnect();
    url.password = password;
  }
  return { url: url.href, stop };
}

/**
 * The URL of an empty Redis server of one's own. Called in a test it ends with the test; called in
 * a hook or at the top of a file, `onEnd` takes the stop: `await freshRedisUrl(afterAll)`.
 */
export async function freshRedisUrl(onEnd: OnEnd = onTestFinished): Promise<string> {
  const own = await startOwnRedis();
  onEnd(own.stop);
  return own.url;
}

/** The URL of a new, empty database on the run's Postgres; the same rule for `onEnd`. */
export async function freshDatabaseUrl(onEnd: OnEnd = onTestFinished): Promise<string> {
  return await newDatabaseUrl('template1', onEnd);
}

/** The same, with our schema in it: a copy is made in a fifth of the time that migrating takes. */
export async function migratedDatabaseUrl(onEnd: OnEnd = onTestFinished): Promise<string> {
  return await newDatabaseUrl(inject('migratedDatabase'), onEnd);
}

async function newDatabaseUrl(template: string, onEnd: OnEnd): Promise<string> {
  const server = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name} template ${template}`);
  onEnd(() => onServer(server, `drop database if exists ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

type OnEnd = (stop: () => Promise<void>) => void;

async function onServer(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}
