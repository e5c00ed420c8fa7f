import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { SetupError } from '../setup-error.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { identify, isAlive, type ProcessIdentity } from './identity.ts';
import { waitUntil } from './probe.ts';

const identitySchema = z.object({ pid: z.number().int(), bornAt: z.string() });
const lockSchema = z.object({ stack: identitySchema, children: z.array(identitySchema) });

/** The claim of one stack on a data folder, with the processes that it runs there. */
export type StackLock = {
  /** Notes the processes of the moment, for whoever comes after a stack that was killed. */
  note(pids: number[]): void;
  release(): void;
};

/**
 * Claims a data folder. Where the last stack was killed, what it left running is ended first.
 * Throws a SetupError while another stack runs there.
 */
export async function takeLock(file: string, dataDir: string): Promise<StackLock> {
  const stack = identify(process.pid) ?? { pid: process.pid, bornAt: '' };
  const first = JSON.stringify({ stack, children: [] });
  while (!createFile(file, first)) {
    const found = readLock(file);
    if (found !== undefined && isAlive(found.stack)) {
      throw new SetupError(
        `A stack already runs on ${dataDir} (process ${found.stack.pid}). Stop it, or use another ` +
          'folder with --data-dir and other ports with --port-base.',
      );
    }
    await endProcesses(found?.children ?? []);
    rmSync(file, { force: true });
  }
  return {
    note(pids) {
      const children = pids.map(identify).filter((it) => it !== undefined);
      writeFileAtomically(file, JSON.stringify({ stack, children }));
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** True if this call made the file. */
function createFile(file: string, text: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeFileSync(descriptor, text);
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readLock(file: string): z.infer<typeof lockSchema> | undefined {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function endProcesses(children: ProcessIdentity[]): Promise<void> {
  for (const [signal, seconds] of [
    ['SIGTERM', 4],
    ['SIGKILL', 2],
  ] as const) {
    const left = children.filter(isAlive);
    for (const child of left) sendSignal(child.pid, signal);
    if (await waitUntil(() => !left.some(isAlive), seconds)) return;
  }
}

/** A process may end between the look and the signal; one that is not ours cannot be signalled. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what was wanted.
  }
}
