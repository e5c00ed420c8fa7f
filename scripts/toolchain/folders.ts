import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const repositoryFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where fetched tools are kept: of the user, or of the repository if the user's cannot be written. */
export function toolsFolder(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const ofUser = join(cache, 'fairgate', 'tools');
  return canWrite(ofUser) ? ofUser : join(repositoryFolder, '.local', 'tools');
}

/** Makes the folder, and tells whether files can be made in it. */
export function canWrite(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
