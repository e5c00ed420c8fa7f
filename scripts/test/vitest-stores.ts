import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import type { RedisProgram } from '../toolchain/redis.ts';
import { startTestStores } from './stores.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
    postgresUrl: string;
    /** The database to copy for one that has our schema. */
    migratedDatabase: string;
    redisProgram: RedisProgram;
  }
}

/** vitest's global set-up: the stores of the run, handed to the tests by `inject`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = await startTestStores();
  project.provide('redisUrl', stores.redis.url);
  project.provide('postgresUrl', stores.postgres.url);
  project.provide('migratedDatabase', await migrated(stores.postgres.url));
  project.provide('redisProgram', stores.program);
  return stores.stop;
}

/** Nobody connects to it later on: what has a connection cannot be copied. */
async function migrated(server: string): Promise<string> {
  const name = 'migrated';
  const sql = postgres(server, { max: 1, onnotice: () => {} });
  await sql.unsafe(`create database ${name}`);
  await sql.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrateDatabase(url.href);
  return name;
}
