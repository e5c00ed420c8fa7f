import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from '../check/source-files.ts';
import { SetupError } from '../setup-error.ts';
import { runCommand } from '../toolchain/command.ts';
import { repositoryFolder } from '../toolchain/folders.ts';

const service = join(repositoryFolder, 'queue-service');
/** Where the queue service looks for the console. */
export const consoleFolder = join(service, 'dist', 'console');
const vite = join(repositoryFolder, 'node_modules', 'vite', 'bin', 'vite.js');

/**
 * Builds the admin console, unless what it is made of has not changed since. Throws a SetupError
 * with Vite's words where it does not build.
 */
export async function buildConsole(onLine: (line: string) => void = () => {}): Promise<void> {
  const stamp = join(service, 'dist', 'console.sha256');
  const digest = sourcesDigest();
  const isBuilt = existsSync(join(consoleFolder, 'index.html'));
  if (isBuilt && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  onLine('building the console');
  rmSync(stamp, { force: true });
  const args = [vite, 'build', '--config', join(service, 'vite.config.ts')];
  const done = await runCommand(process.execPath, args, {
    cwd: repositoryFolder,
    timeoutSeconds: 120,
  });
  if (done.exitCode !== 0)
    throw new SetupError(`The console does not build:\n${done.output.trim()}`);
  writeFileSync(stamp, digest);
}

/** Folders of which it has something. */
const fromShared = ['appearance', 'words'];

/** What the console is made of: its sources, Vite's settings, and the lock. */
function sourcesDigest(): string {
  const hash = createHash('sha256');
  const files = [
    ...sourceFiles([''], join(service, 'src', 'console')),
    ...fromShared.flatMap((folder) =>
      sourceFiles([''], join(repositoryFolder, 'shared', 'src', folder)),
    ),
  ];
  const ofConsole = files.filter(({ path }) => !/\.test\.tsx?$/.test(path));
  for (const { path, text } of ofConsole) hash.update(`${path}\0${text}\0`);
  for (const file of ['queue-service/vite.config.ts', 'package-lock.json']) {
    hash.update(`${file}\0${readFileSync(join(repositoryFolder, file), 'utf8')}\0`);
  }
  return hash.digest('hex');
}
