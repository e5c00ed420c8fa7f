import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { dieWithParent } from '../../../scripts/toolchain/command.ts';
import { repositoryFolder } from '../../../scripts/toolchain/folders.ts';

export type CrowdWish = {
  controlUrl: string;
  key: string;
  saleId: string;
  watchers: number;
  admins: number;
  changeEveryMs: number;
};

const reportSchema = z.object({
  events: z.number(),
  ended: z.number(),
  changes: z.number(),
  refused: z.number(),
  seconds: z.number(),
});
/** What the watchers were told, and the admins changed. */
export type CrowdReport = z.infer<typeof reportSchema>;

/** Starts those who watch and change, in a process of their own; they are there when it resolves. */
export async function startWatching(wish: CrowdWish): Promise<{ stop(): Promise<CrowdReport> }> {
  const script = join(import.meta.dirname, 'crowd.ts');
  const args = [script, JSON.stringify(wish)];
  const command = dieWithParent({ file: process.execPath, args, env: {} }, 'TERM');
  const child = spawn(command.file, command.args, {
    cwd: repositoryFolder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('ready')) resolve();
    });
  });
  await Promise.race([
    ready,
    gone.then(() => Promise.reject(new Error('those who watch have ended'))),
  ]);
  return {
    async stop() {
      child.kill('SIGTERM');
      await gone;
      return reportSchema.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
    },
  };
}
