import type { TestProject } from 'vitest/node';
import type { RedisProgram } from '../toolchain/redis.ts';
import { startTestStores } from './stores.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
    postgresUrl: string;
    redisProgram: RedisProgram;
  }
}

/** vitest's global set-up: the stores of the run, handed to the tests by `inject`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = await startTestStores();
  project.provide('redisUrl', stores.redis.url);
  project.provide('postgresUrl', stores.postgres.url);
  project.provide('redisProgram', stores.program);
  return stores.stop;
}
