import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { findOnPath, runCommand } from './command.ts';

export type FetchedPackages = {
  /** The root that the packages were unpacked into: `usr/bin`, `usr/lib`, … */
  folder: string;
};

/** True where Debian's packages can be fetched and unpacked, which needs no rights at all. */
export function hasDebianTools(): boolean {
  return findOnPath(['apt-get']) !== undefined && findOnPath(['dpkg-deb']) !== undefined;
}

/**
 * Fetches Debian packages and unpacks them into `target`, without installing anything: no root, no
 * change to the system. The folder appears whole or not at all, so an interrupted fetch is repeated.
 */
export async function fetchDebianPackages(
  packages: string[],
  target: string,
  onLine: (line: string) => void,
): Promise<FetchedPackages> {
  if (existsSync(target)) return { folder: target };
  mkdirSync(join(target, '..'), { recursive: true });
  const work = mkdtempSync(`${target}.part-`);
  try {
    const downloads = await download(packages, work, onLine);
    const unpacked = join(work, 'root');
    mkdirSync(unpacked);
    for (const file of downloads) await mustRun('dpkg-deb', ['-x', file, unpacked]);
    moveIntoPlace(unpacked, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { folder: target };
}

/** The packages and every library they depend on, less libc, which is always the system's own. */
export async function librariesOf(packages: string[]): Promise<string[]> {
  const weak = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
  const flags = ['--recurse', ...weak.map((kind) => `--no-${kind}`)];
  const listed = await runCommand('apt-cache', ['depends', ...flags, ...packages]);
  const names = listed.output.split('\n').filter((line) => /^(lib|lua)\S+$/.test(line));
  const ours = names.filter((name) => !/^(libc6|libgcc-s1|libcrypt1)\b/.test(name));
  return [...new Set([...packages, ...ours])];
}

/** For LD_LIBRARY_PATH: what was unpacked into `folder` is found by it, since nothing is installed. */
export function libraryPath(folder: string): string {
  const libraries = join(folder, 'usr', 'lib');
  if (!existsSync(libraries)) return '';
  return readdirSync(libraries, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(libraries, entry.name))
    .join(':');
}

async function download(
  packages: string[],
  work: string,
  onLine: (line: string) => void,
): Promise<string[]> {
  const folder = join(work, 'archives');
  mkdirSync(folder);
  onLine(`fetching Debian's ${packages.join(', ')}`);
  const direct = await runCommand('apt-get', ['download', ...packages], { cwd: folder });
  if (direct.exitCode !== 0) {
    onLine('fetching the lists of Debian packages into a private folder');
    const options = privateState(work);
    await mustRun('apt-get', [...options, '-q', 'update'], folder);
    await mustRun('apt-get', [...options, '-q', 'download', ...packages], folder);
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(folder, name));
}

/** apt keeps its lists and its cache in our folder; the sources and keys are the system's. */
function privateState(work: string): string[] {
  const state = join(work, 'state');
  const cache = join(work, 'cache');
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
  const status = '/var/lib/dpkg/status';
  if (existsSync(status)) copyFileSync(status, join(state, 'status'));
  return ['-o', `Dir::State=${state}`, '-o', `Dir::State::status=${join(state, 'status')}`].concat([
    '-o',
    `Dir::Cache=${cache}`,
    '-o',
    'APT::Sandbox::User=root',
  ]);
}

/** Two runs may fetch at once; whoever renames second finds the folder there and leaves it. */
function moveIntoPlace(from: string, target: string): void {
  try {
    renameSync(from, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

async function mustRun(file: string, args: string[], cwd?: string): Promise<void> {
  const result = await runCommand(file, args, cwd === undefined ? {} : { cwd });
  if (result.exitCode === 0) return;
  const tail = result.output.trim().split('\n').slice(-4).join('\n');
  throw new SetupError(`${file} ${args.at(-1) ?? ''} failed:\n${tail}`);
}
