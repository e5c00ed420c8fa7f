import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup-error.ts';

/** Makes the data folder and the parts' folders in it. Throws a SetupError for any that cannot be used. */
export function prepareFolders(dataDir: string): void {
  const parts = ['logs', 'edge', 'redis', 'nginx'].map((name) => join(dataDir, name));
  for (const folder of [dataDir, ...parts]) prepareFolder(folder);
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SetupError(
      `${folder} cannot be used: ${reasonOf(error)}. Put that right, or choose another folder with --data-dir.`,
    );
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a file is in its place';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read and write there';
  return message;
}
