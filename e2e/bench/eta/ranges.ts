import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryFolder } from '../../../scripts/toolchain/folders.ts';

export type EtaRange = { low: number; high: number };
/** `pace`: what the edge's forecast takes of a snapshot. */
export type Question = { pace: object; ahead: number; nowMs: number };

const answersSchema = z.array(z.object({ low: z.number(), high: z.number() }).nullable());

/** What the edge would have told, by its own code in a process of its own. */
export async function ranges(questions: readonly Question[]): Promise<(EtaRange | null)[]> {
  const script = join(repositoryFolder, 'edge-worker/src/testing/forecasts.ts');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stdin.end(JSON.stringify(questions));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the forecasts ended with ${code}`);
  return answersSchema.parse(JSON.parse(output));
}
