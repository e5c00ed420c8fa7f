import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { type Command, dieWithParent, runCommand } from './command.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { asRunner, giveFolder, type Runner, runnerFor } from './postgres-runner.ts';

export type PostgresPlace = {
  /** The data folder itself (PGDATA). */
  folder: string;
  port: number;
  password: string;
  /** False only for tests, which may lose everything when the machine goes down. */
  durable: boolean;
};

export const postgresUser = 'fairgate';

/** What a production Postgres has, less the memory; nothing listens but the loopback. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  // Parallel plans need /dev/shm, which containers keep small; no query of ours gains from them.
  max_parallel_workers_per_gather: '0',
  log_min_messages: 'warning',
  timezone: 'UTC',
};

/**
 * Makes the data folder where there is none, and returns the command that serves it. Throws a
 * SetupError for a folder of another major version, or one that the server's user cannot use.
 */
export async function preparePostgres(
  place: PostgresPlace,
  onLine: (line: string) => void = () => {},
): Promise<Command> {
  const binaries = await findPostgresBinaries();
  const runner = await runnerFor(place.folder);
  if (existsSync(join(place.folder, 'PG_VERSION'))) await checkVersion(place.folder, binaries);
  else await makeDataFolder(place, binaries, runner, onLine);
  giveFolder(runner, place.folder);
  const durability = place.durable ? 'on' : 'off';
  const all = {
    ...settings,
    port: `${place.port}`,
    fsync: durability,
    synchronous_commit: durability,
    full_page_writes: durability,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = { file: binaries.postgres, args: ['-D', place.folder, ...flags], env: {} };
  return asRunner(runner, dieWithParent(server, 'INT'));
}

export function postgresUrl(place: PostgresPlace, database = 'postgres'): string {
  return `postgres://${postgresUser}:${place.password}@127.0.0.1:${place.port}/${database}`;
}

/**
 * Removes the pid file of a server that is gone. Postgres does so itself unless the number went to
 * another process, as it soon does in a container; then it would refuse to start for ever.
 */
export function clearStalePid(folder: string): void {
  const file = join(folder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  if (!isPostgres(pid)) rmSync(file, { force: true });
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return true;
  }
}

/** Made beside its place and renamed, so that an interrupted start leaves no half a folder. */
async function makeDataFolder(
  place: PostgresPlace,
  binaries: PostgresBinaries,
  runner: Runner,
  onLine: (line: string) => void,
): Promise<void> {
  if (existsSync(place.folder)) {
    throw new SetupError(
      `${place.folder} exists and is no Postgres data folder; move it away or choose another --data-dir.`,
    );
  }
  onLine('making the Postgres data folder');
  const fresh = `${place.folder}.new`;
  const passwordFile = `${place.folder}.password`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  chmodSync(fresh, 0o700);
  writeFileSync(passwordFile, place.password, { mode: 0o600 });
  giveFolder(runner, fresh);
  giveFolder(runner, passwordFile);
  const login = ['--username', postgresUser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  const form = [
    '--encoding',
    'UTF8',
    '--locale',
    'C',
    place.durable ? '--sync-method=fsync' : '-N',
  ];
  const args = ['-D', fresh, ...login, ...form];
  const initdb = asRunner(runner, { file: binaries.initdb, args, env: {} });
  const made = await runCommand(initdb.file, initdb.args, {
    cwd: '/',
    env: initdb.env,
    ...initdb.user,
  });
  rmSync(passwordFile, { force: true });
  if (made.exitCode !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new SetupError(`Postgres could not make ${place.folder}:\n${made.output.trim()}`);
  }
  renameSync(fresh, place.folder);
}

async function checkVersion(folder: string, binaries: PostgresBinaries): Promise<void> {
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  const answer = await runCommand(binaries.postgres, ['--version']);
  const ours = /PostgreSQL\) (\d+)/.exec(answer.output)?.[1];
  if (ours === undefined) throw new SetupError(`Postgres does not run here: ${answer.output}`);
  if (found === ours) return;
  throw new SetupError(
    `${folder} was made by Postgres ${found}, and this is Postgres ${ours}. ` +
      'Dump it with the old version, or move it away, or choose another --data-dir.',
  );
}
