import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program and what has to stand before its arguments and in its environment. */
export type Command = {
  file: string;
  args: string[];
  env: Record<string, string>;
  /** Whom to run it as, if not ourselves. */
  user?: { uid: number; gid: number };
};

/**
 * The same command, asked to end when its parent is killed outright. Where `setpriv` is missing the
 * next start ends what was left (scripts/stack/lock.ts).
 */
export function dieWithParent(command: Command, signal: 'TERM' | 'INT'): Command {
  const setpriv = process.platform === 'linux' ? findOnPath(['setpriv']) : undefined;
  if (setpriv === undefined) return command;
  const args = ['--pdeathsig', signal, '--', command.file, ...command.args];
  return { ...command, file: setpriv, args };
}

export type RunOptions = {
  cwd?: string;
  env?: Record<string, string>;
  timeoutSeconds?: number;
  uid?: number;
  gid?: number;
};

export type CommandResult = { exitCode: number; output: string };

/** The first of `names` that is an executable file in a folder of `PATH`. */
export function findOnPath(names: string[], path = process.env.PATH ?? ''): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutableFile);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Runs a program to its end. Never rejects: a program that is missing or too slow has code 127. */
export function runCommand(
  file: string,
  args: string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const { env, timeoutSeconds, ...rest } = options;
  const settings = {
    ...rest,
    env: { ...process.env, ...env },
    timeout: (timeoutSeconds ?? 600) * 1_000,
    maxBuffer: 16 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    const child = execFile(file, args, settings, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (error === null) resolve({ exitCode: 0, output });
      else {
        const exitCode = typeof error.code === 'number' ? error.code : 127;
        resolve({ exitCode, output: output === '' ? error.message : output });
      }
    });
    child.stdin?.end();
  });
}
