import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Command } from '../toolchain/command.ts';
import { waitUntil } from './probe.ts';

/** A part of the stack: how it is run, and how one sees that it works. */
export type ProcessSpec = {
  name: string;
  url?: string;
  command: Command;
  isReady(): Promise<boolean>;
  /** Runs before each start: puts away what a killed predecessor left. */
  beforeStart?(): Promise<void> | void;
  /** What asks it to end in an orderly way. */
  stopSignal: NodeJS.Signals;
};

/** A process of the stack, started detached: a Ctrl-C in the terminal reaches the stack alone. */
export type Started = {
  child: ChildProcess;
  startedAtMs: number;
  hasExited(): boolean;
  /** Settles with a short account of the end; never rejects. */
  exited: Promise<string>;
};

/** The settings of ours that a process inherits: none but what any program needs. */
const inherited = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'NODE_EXTRA_CA_CERTS'];

export function startProcess(spec: ProcessSpec, logFile: string, cwd: string): Started {
  const log = openSync(logFile, 'a');
  const { file, args, env, user } = spec.command;
  const child = spawn(file, args, {
    // As another user, a process may not be able to enter our folder.
    cwd: user === undefined ? cwd : '/',
    env: { ...inheritedEnvironment(), ...env },
    stdio: ['ignore', log, log],
    detached: true,
    ...user,
  });
  closeSync(log);
  let isOver = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).then((how) => {
    isOver = true;
    return how;
  });
  return { child, startedAtMs: Date.now(), hasExited: () => isOver, exited };
}

/** Waits until it is ready: 'ready', 'exited' when it ended before, or 'late'. */
export async function untilReady(
  spec: ProcessSpec,
  started: Started,
  timeoutSeconds: number,
): Promise<'ready' | 'exited' | 'late'> {
  const settled = await waitUntil(
    async () => started.hasExited() || (await spec.isReady()),
    timeoutSeconds,
  );
  if (started.hasExited()) return 'exited';
  return settled ? 'ready' : 'late';
}

/** The last lines of a log, for the person who has to find out why a process does not start. */
export function logTail(logFile: string, lines = 20): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
