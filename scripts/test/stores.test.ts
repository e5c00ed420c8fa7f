import { Redis } from 'ioredis';
import postgres from 'postgres';
import { expect, inject, test } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';

test('each test has a Redis of its own, empty', async () => {
  const urls = [await freshRedisUrl(), await freshRedisUrl()];
  expect(new Set([...urls, inject('redisUrl')]).size).toBe(3);
  for (const url of urls) {
    const redis = new Redis(url);
    expect(await redis.dbsize()).toBe(0);
    await redis.set('a', '1');
    redis.disconnect();
  }
});

test('each test has a database of its own, empty, on a real Postgres 18', async () => {
  const url = await freshDatabaseUrl();
  const sql = postgres(url, { max: 1 });
  const [row] = await sql`select current_database() as name, version() as version`;
  expect(row?.name).toBe(new URL(url).pathname.slice(1));
  expect(row?.version).toMatch(/^PostgreSQL 18/);
  expect(await sql`select 1 from pg_tables where schemaname = 'public'`).toHaveLength(0);
  await sql.end();
});
