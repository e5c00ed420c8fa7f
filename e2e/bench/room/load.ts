import { join } from 'node:path';
import { runCommand } from '../../../scripts/toolchain/command.ts';
import { findWrk } from '../../../scripts/toolchain/wrk.ts';

export type Load = { perSecond: number; p50Ms: number; p99Ms: number };

export type LoadWish = {
  url: string;
  method?: 'GET' | 'POST';
  /** A file with `ticket path` on each line, the ticket '-' for none. */
  lines?: string;
  /** Lines of it to pass over. */
  from?: number;
  seconds?: number;
  connections?: number;
};

/** wrk, as fast as it goes. Throws where a request is refused or fails. */
export async function load(wish: LoadWish): Promise<Load> {
  const { url, method = 'GET', lines = '-', from = 0, seconds = 5, connections = 48 } = wish;
  const wrk = await findWrk((line) => process.stderr.write(`${line}\n`));
  const script = join(import.meta.dirname, 'requests.lua');
  const shape = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url];
  const args = [...wrk.args, ...shape, '--', method, lines, `${from}`];
  const { exitCode, output } = await runCommand(wrk.file, args, {
    env: wrk.env,
    timeoutSeconds: seconds + 60,
  });
  const faults = /Non-2xx.*|Socket errors.*/.exec(output)?.[0];
  if (exitCode !== 0 || faults !== undefined) throw new Error(`${url}: ${faults ?? output}`);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    p50Ms: latencyMs(output, 50),
    p99Ms: latencyMs(output, 99),
  };
}

function latencyMs(output: string, percent: number): number {
  const [, figure, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? [];
  return Number(figure) * ({ us: 0.001, ms: 1, s: 1_000 }[unit ?? ''] ?? Number.NaN);
}
