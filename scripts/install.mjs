import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Runs `npm ci` unless node_modules holds what package-lock.json says. Two at once take turns.
 * @param {string} folder the repository
 * @returns {Promise<void>}
 */
export async function installWhenNeeded(folder) {
  if (isInstalled(folder)) return;
  const lock = join(folder, '.local', 'install.lock');
  await takeLock(lock);
  try {
    if (!isInstalled(folder)) await install(folder);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * npm writes node_modules/.package-lock.json last, so its presence tells of an install that ended,
 * and its contents of which one.
 * @param {string} folder
 * @returns {boolean}
 */
function isInstalled(folder) {
  try {
    const wanted = readLock(join(folder, 'package-lock.json'));
    const present = readLock(join(folder, 'node_modules', '.package-lock.json'));
    return missingPackages(wanted, present).length === 0;
  } catch {
    return false;
  }
}

/**
 * @typedef {{ version?: string, optional?: boolean, link?: boolean, resolved?: string }} LockEntry
 * @typedef {Record<string, LockEntry>} LockEntries
 */

/**
 * The packages that the lock asks for and the installed tree has not, or not in that version.
 * Optional ones may be missing, since most of them are for other platforms.
 * @param {LockEntries} wanted
 * @param {LockEntries} present
 * @returns {string[]}
 */
export function missingPackages(wanted, present) {
  return Object.entries(wanted)
    .filter(([path]) => path.includes('node_modules/'))
    .filter(([path, entry]) => {
      const found = present[path];
      if (found === undefined) return entry.optional !== true;
      return found.version !== entry.version || found.link !== entry.link;
    })
    .map(([path]) => path);
}

/**
 * @param {string} file
 * @returns {LockEntries}
 */
function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * @param {string} folder
 * @returns {Promise<void>}
 */
async function install(folder) {
  console.log('Installing the packages (npm ci). This takes a minute or two the first time.');
  const startedAt = Date.now();
  const progress = setInterval(() => {
    console.log(`… still installing (${Math.round((Date.now() - startedAt) / 1_000)} s)`);
  }, 10_000);
  try {
    const code = await npmCi(folder);
    if (code !== 0)
      throw new Error(`npm ci failed with exit code ${code}; its messages are above.`);
  } finally {
    clearInterval(progress);
  }
}

/**
 * npm runs under the Node that is not in node_modules, which is about to be replaced.
 * @param {string} folder
 * @returns {Promise<number>}
 */
function npmCi(folder) {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const child = spawn(npm, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: path },
  });
  const stop = () => child.kill('SIGTERM');
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`npm could not be run: ${error.message}`)));
    child.once('exit', (code) => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve(code ?? 1);
    });
  });
}

/**
 * A folder is made by one process alone; its pid tells the others whether the maker still lives.
 * @param {string} lock
 * @returns {Promise<void>}
 */
async function takeLock(lock) {
  mkdirSync(join(lock, '..'), { recursive: true });
  for (let waits = 0; ; waits += 1) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), `${process.pid}`);
      return;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    if (waits === 0) console.log('Another process is installing the packages; waiting for it.');
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (waits > 0 && !holderLives(lock)) rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * @param {string} lock
 * @returns {boolean}
 */
function holderLives(lock) {
  try {
    const file = join(lock, 'pid');
    if (!existsSync(file)) return false;
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
