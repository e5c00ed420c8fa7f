import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockedScripts } from '@fairgate/shared/room/clocked-scripts.ts';
import { messageOf, SetupError } from '../setup-error.ts';
import { startTestRedis } from '../test/stores.ts';
import { findRedis } from '../toolchain/redis.ts';
import { mutants } from './mutant-list.ts';
import { findMutant } from './mutants.ts';
import { parseSimulateArguments, usage } from './options.ts';
import { simulate } from './property.ts';
import { reportOf } from './report.ts';

/** `npm run simulate`: the room's invariants, over any number of seeded histories. */
async function main(): Promise<number> {
  const options = parseSimulateArguments(process.argv.slice(2));
  if (options === undefined) {
    console.log(usage);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-simulate-'));
  const redis = await startTestRedis(await findRedis((line) => console.error(line)), folder);
  try {
    if (options.mutants) return await findAll(redis.url);
    const details = await simulate({ ...options, redisUrl: redis.url, scripts: clockedScripts() });
    console.log(reportOf(details));
    return details.failed ? 1 : 0;
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many of the mutants were not found. */
async function findAll(redisUrl: string): Promise<number> {
  let survived = 0;
  for (const mutant of mutants) {
    const found = await findMutant(redisUrl, mutant);
    if (!found.isRight) survived += 1;
    console.log(`${mutant.name}: ${found.what}`);
  }
  return survived;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof SetupError ? messageOf(error) : error);
  process.exitCode = 2;
}
