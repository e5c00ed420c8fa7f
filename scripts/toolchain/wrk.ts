import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { type Command, findOnPath } from './command.ts';
import { fetchDebianPackages, hasDebianTools, librariesOf, libraryPath } from './debian.ts';
import { toolsFolder } from './folders.ts';

/**
 * The load tool `wrk` of the benchmarks: from PATH, or Debian's package in a private folder. Throws a
 * SetupError where there is neither.
 */
export async function findWrk(onLine: (line: string) => void = () => {}): Promise<Command> {
  const installed = findOnPath(['wrk']);
  if (installed !== undefined) return { file: installed, args: [], env: {} };
  const folder = join(toolsFolder(), `wrk-debian-${process.arch}`);
  if (!existsSync(folder)) {
    if (!hasDebianTools()) throw new SetupError('Install wrk: this system has no apt-get.');
    await fetchDebianPackages(await librariesOf(['wrk']), folder, onLine);
  }
  const file = join(folder, 'usr', 'bin', 'wrk');
  return { file, args: [], env: { LD_LIBRARY_PATH: libraryPath(folder) } };
}
