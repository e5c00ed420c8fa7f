import type { simulate } from './property.ts';

type Details = Awaited<ReturnType<typeof simulate>>;

/** What a failure is told with: what broke, the shortest way there, and the line that replays it. */
export function reportOf(details: Details): string {
  if (!details.failed) return `${details.numRuns} runs, nothing broken (seed ${details.seed})`;
  const [setup, steps] = details.counterexample ?? [];
  const replay = /replayPath="([^"]*)"/.exec(String(steps))?.[1] ?? '';
  const error = details.errorInstance;
  return [
    `run ${details.numRuns}, seed ${details.seed}: ${error instanceof Error ? error.message : error}`,
    `with ${JSON.stringify(setup)}`,
    ...String(steps)
      .replace(/\/\*.*\*\//, '')
      .split(/,(?=\w+\()/)
      .map((step) => `  ${step.trim()}`),
    'Again, and only this:',
    `  npm run simulate -- --seed=${details.seed} --path=${details.counterexamplePath} --replay=${replay}`,
  ].join('\n');
}
