import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SetupError } from '../setup-error.ts';
import { type Command, findOnPath, isExecutableFile, runCommand } from './command.ts';
import { fetchDebianPackages, hasDebianTools, librariesOf, libraryPath } from './debian.ts';
import { toolsFolder } from './folders.ts';

/** Debian keeps it where the paths of ordinary users do not lead. */
const systemFolders = '/usr/sbin:/usr/local/sbin:/opt/homebrew/bin';

/**
 * An nginx to run: FAIRGATE_NGINX (`off` for none), then one on PATH, then Debian's package unpacked in a private
 * folder, which needs no rights. Undefined where there is none: the stack then runs without a
 * balancer. Throws a SetupError where FAIRGATE_NGINX names what cannot be run.
 */
export async function findNginx(
  onLine: (line: string) => void = () => {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Command | undefined> {
  const chosen = env.FAIRGATE_NGINX;
  if (chosen === 'off') return undefined;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutableFile(chosen)) return { file: chosen, args: [], env: {} };
    throw new SetupError(`FAIRGATE_NGINX is ${chosen}, which is not an executable file.`);
  }
  const installed = findOnPath(['nginx'], `${env.PATH ?? ''}:${systemFolders}`);
  if (installed !== undefined) return { file: installed, args: [], env: {} };
  const folder = join(toolsFolder(env), `nginx-debian-${process.arch}`);
  if (existsSync(folder)) return unpacked(folder);
  if (hasDebianTools()) return await fetched(folder, onLine);
  return undefined;
}

/** First the program alone, whose libraries a Debian mostly has, then with all of them. */
async function fetched(
  folder: string,
  onLine: (line: string) => void,
): Promise<Command | undefined> {
  for (const names of [async () => ['nginx'], () => librariesOf(['nginx'])]) {
    try {
      await fetchDebianPackages(await names(), folder, onLine);
      const program = unpacked(folder);
      if (program !== undefined && (await runs(program))) return program;
    } catch (error) {
      onLine(`Debian's nginx could not be fetched: ${messageOf(error)}`);
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

function unpacked(folder: string): Command | undefined {
  const file = join(folder, 'usr', 'sbin', 'nginx');
  if (!isExecutableFile(file)) return undefined;
  return { file, args: [], env: { LD_LIBRARY_PATH: libraryPath(folder) } };
}

async function runs({ file, env }: Command): Promise<boolean> {
  return (await runCommand(file, ['-v'], { env, timeoutSeconds: 10 })).exitCode === 0;
}
