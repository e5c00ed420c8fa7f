import { createHash } from 'node:crypto';
import { clockedScripts } from '@fairgate/shared/room/clocked-scripts.ts';
import type { Scripts } from '@fairgate/shared/room/scripts.ts';
import { Broken } from './broken.ts';
import type { Mutant } from './mutant-list.ts';
import { simulate } from './property.ts';

/** Each mutant is found within so many runs; a seed that is chosen makes it the same ones. */
export const mutantRuns = { seed: 7, runs: 1_000 };

/** The room's scripts with the mistake in them. Throws where there is no such line any more. */
export function mutated({ name, scripts, find, put, times = 1 }: Mutant): Scripts {
  const changed = clockedScripts();
  for (const script of scripts) {
    const { source } = changed[script];
    if (source.split(find).length !== times + 1) {
      throw new Error(`"${name}": where is it in ${script}?`);
    }
    const text = source.replaceAll(find, () => put);
    changed[script] = { sha: createHash('sha1').update(text).digest('hex'), source: text };
  }
  return changed;
}

/** Runs the simulation on it: right is that an invariant breaks which this mistake breaks. */
export async function findMutant(
  redisUrl: string,
  mutant: Mutant,
): Promise<{ isRight: boolean; what: string }> {
  const scripts = mutated(mutant);
  const details = await simulate({ redisUrl, scripts, ...mutantRuns, shrinks: false });
  if (!details.failed) return { isRight: false, what: `not found in ${details.numRuns} runs` };
  const error = details.errorInstance;
  const isRight = error instanceof Broken && mutant.breaks.includes(error.invariant);
  const what = error instanceof Error ? error.message : String(error);
  return { isRight, what: `run ${details.numRuns}, ${what}` };
}
