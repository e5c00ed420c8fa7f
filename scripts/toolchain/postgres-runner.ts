import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import type { Command } from './command.ts';
import { findOnPath, runCommand } from './command.ts';

/** Postgres refuses to run as root, or as a user without a name; the ways around that, best first. */
export type Runner =
  | { kind: 'self' }
  /** A user namespace in which our files belong to another user: nothing changes owner. */
  | { kind: 'namespace'; unshare: string; user: ServiceUser }
  | { kind: 'user'; user: ServiceUser };

type ServiceUser = { uid: number; gid: number };

/** How to run Postgres for this data folder. Throws a SetupError where no way works. */
export async function runnerFor(folder: string): Promise<Runner> {
  const self = process.getuid?.();
  if (self !== 0 && hasName()) return { kind: 'self' };
  const owner = existsSync(folder) ? lstatSync(folder) : undefined;
  if (owner === undefined || owner.uid === self) {
    const runner = await namespaceRunner();
    if (runner !== undefined) return runner;
  }
  if (self !== 0) {
    throw new SetupError(
      `Postgres does not run as a user without a name, and user ${self} has none in /etc/passwd. ` +
        'Start as another user, or point FAIRGATE_DATABASE_URL at a Postgres of your own.',
    );
  }
  const isOthers = owner !== undefined && owner.uid !== 0;
  const user = isOthers ? { uid: owner.uid, gid: owner.gid } : serviceUser();
  checkReach(user, dirname(folder));
  return { kind: 'user', user };
}

async function namespaceRunner(): Promise<Runner | undefined> {
  const unshare = findOnPath(['unshare']);
  if (unshare === undefined) return undefined;
  const runner: Runner = { kind: 'namespace', unshare, user: serviceUser() };
  const trial = asRunner(runner, { file: 'true', args: [], env: {} });
  const tried = await runCommand(trial.file, trial.args, { timeoutSeconds: 5 });
  return tried.exitCode === 0 ? runner : undefined;
}

/** A number alone, as containers like to be given one, is not enough for initdb. */
function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** The same command, run by the runner. `unshare` executes it in its own place: the pid stays. */
export function asRunner(runner: Runner, command: Command): Command {
  switch (runner.kind) {
    case 'self':
      return command;
    case 'namespace':
      return {
        ...command,
        file: runner.unshare,
        args: [...namespaceFlags(runner.user), command.file, ...command.args],
      };
    case 'user':
      return { ...command, user: runner.user };
  }
}

/** Where Postgres runs as another user, the folder and all in it becomes that user's. */
export function giveFolder(runner: Runner, path: string): void {
  if (runner.kind !== 'user') return;
  const entry = lstatSync(path);
  if (entry.uid !== runner.user.uid) chownSync(path, runner.user.uid, runner.user.gid);
  if (!entry.isDirectory()) return;
  for (const name of readdirSync(path)) giveFolder(runner, join(path, name));
}

function namespaceFlags({ uid, gid }: ServiceUser): string[] {
  return ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
}

function serviceUser(): ServiceUser {
  const lines = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new SetupError(
    'Postgres does not run as root, and there is no user postgres or nobody to run it as. ' +
      'Start as an ordinary user, or point FAIRGATE_DATABASE_URL at a Postgres of your own.',
  );
}

/** The other user has to be able to walk to the data folder; /root, for one, does not let it. */
function checkReach(user: ServiceUser, folder: string): void {
  let parent = folder;
  while (!existsSync(parent)) parent = dirname(parent);
  try {
    const { uid, gid } = user;
    execFileSync('/bin/sh', ['-c', 'cd "$0"', parent], { uid, gid, cwd: '/', stdio: 'ignore' });
  } catch {
    throw new SetupError(
      `Postgres does not run as root, and user ${user.uid} cannot enter ${parent}. ` +
        'Choose a folder that it can enter with --data-dir, or start as an ordinary user.',
    );
  }
}
