import { stages } from './stages.ts';

/** Runs every check, prints a line for each, and counts how they went. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  for (const stage of stages) {
    const startedAt = Date.now();
    const { passed, output } = await stage.run();
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${stage.name} (${seconds} s)`);
    if (!passed) console.log(output.trimEnd());
    counts[passed ? 'passed' : 'failed'] += 1;
  }
  return counts;
}
