import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SetupError } from '../setup-error.ts';
import {
  type Command,
  dieWithParent,
  findOnPath,
  isExecutableFile,
  runCommand,
} from './command.ts';
import { fetchDebianPackages, hasDebianTools, librariesOf, libraryPath } from './debian.ts';
import { toolsFolder } from './folders.ts';

export type RedisProgram =
  | { kind: 'program'; command: Command }
  /** A container; whoever starts it maps the port and the folder. */
  | { kind: 'docker'; image: string };

const dockerImage = 'redis:7-alpine';
const debianPackages = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];

/**
 * A Redis server to start: FAIRGATE_REDIS_SERVER, then redis-server or valkey-server on PATH, then
 * Docker, then Debian's package in a private folder. Throws a SetupError where there is none.
 */
export async function findRedis(
  onLine: (line: string) => void = () => {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<RedisProgram> {
  const chosen = env.FAIRGATE_REDIS_SERVER;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutableFile(chosen)) return plainProgram(chosen);
    throw new SetupError(`FAIRGATE_REDIS_SERVER is ${chosen}, which is not an executable file.`);
  }
  const installed = findOnPath(['redis-server', 'valkey-server'], env.PATH);
  if (installed !== undefined) return plainProgram(installed);
  const folder = join(toolsFolder(env), `redis-debian-${process.arch}`);
  if (existsSync(folder)) return unpackedProgram(folder);
  if (await dockerWorks()) return { kind: 'docker', image: dockerImage };
  if (hasDebianTools()) return fetchedProgram(folder, onLine);
  throw new SetupError(advice('this system has neither Docker nor apt-get'));
}

/** First with the few packages that a full Debian lacks, then with all that the server depends on. */
async function fetchedProgram(
  folder: string,
  onLine: (line: string) => void,
): Promise<RedisProgram> {
  let reason = '';
  for (const names of [() => debianPackages, () => librariesOf(debianPackages)]) {
    try {
      await fetchDebianPackages(await names(), folder, onLine);
      const program = unpackedProgram(folder);
      if (await answers(program)) return program;
      reason = "Debian's redis-server does not run here";
    } catch (error) {
      reason = `Debian's package could not be fetched: ${messageOf(error)}`;
    }
    rmSync(folder, { recursive: true, force: true });
  }
  throw new SetupError(advice(reason));
}

async function answers(program: RedisProgram): Promise<boolean> {
  if (program.kind === 'docker') return true;
  const { file, env } = program.command;
  return (await runCommand(file, ['--version'], { env, timeoutSeconds: 10 })).exitCode === 0;
}

function plainProgram(file: string): RedisProgram {
  return { kind: 'program', command: { file, args: [], env: {} } };
}

/**
 * The command that runs the server on 127.0.0.1 with its files in `folder`. Durable means an append-only file
 * synced each second, as production has it; otherwise nothing is written. Never evicts a key.
 */
export function redisCommand(
  program: RedisProgram,
  place: { port: number; folder: string; durable: boolean },
): Command {
  const keep = place.durable ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : [];
  const common = ['--maxmemory-policy', 'noeviction', '--save', '', ...keep];
  if (program.kind === 'program') {
    const { file, args, env } = program.command;
    const where = ['--port', `${place.port}`, '--bind', '127.0.0.1', '--dir', place.folder];
    return dieWithParent({ file, args: [...args, ...where, ...common], env }, 'TERM');
  }
  const name = containerName(place.port);
  const run = ['run', '--rm', '--name', name, '--publish', `127.0.0.1:${place.port}:6379`];
  const files = ['--volume', `${place.folder}:/data`];
  return {
    file: 'docker',
    args: [...run, ...files, program.image, 'redis-server', '--dir', '/data', ...common],
    env: {},
  };
}

/** A container outlives a client that was killed; the next start takes its name and port again. */
export async function clearRedis(program: RedisProgram, port: number): Promise<void> {
  if (program.kind === 'docker') await runCommand('docker', ['rm', '--force', containerName(port)]);
}

function containerName(port: number): string {
  return `fairgate-redis-${port}`;
}

function unpackedProgram(folder: string): RedisProgram {
  const file = join(folder, 'usr', 'bin', 'redis-server');
  if (!isExecutableFile(file)) {
    throw new SetupError(`${folder} holds no redis-server; remove the folder and try again.`);
  }
  const env = { LD_LIBRARY_PATH: libraryPath(folder) };
  return { kind: 'program', command: { file, args: [], env } };
}

async function dockerWorks(): Promise<boolean> {
  const docker = findOnPath(['docker']);
  if (docker === undefined) return false;
  return (await runCommand(docker, ['info'], { timeoutSeconds: 10 })).exitCode === 0;
}

function advice(reason: string): string {
  return [
    `No Redis server was found, and ${reason}.`,
    'Install Redis 7 (or Valkey) so that redis-server is on PATH, or name the program in',
    'FAIRGATE_REDIS_SERVER, or point FAIRGATE_REDIS_URL at an instance of your own.',
  ].join('\n');
}
