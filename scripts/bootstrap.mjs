import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installWhenNeeded } from './install.mjs';

// What runs before anything is installed: plain JavaScript for any Node >= 18, no dependency.
// install when needed → find Node 24 → run the real script under it → pass on signals and exit code

const repositoryFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/** The first Node that runs TypeScript as it is, without a flag. */
const oldestNode = [22, 18];

/**
 * Runs `script` (a path inside the repository) under the repository's own Node, installing what is
 * missing first, and exits as it exits.
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<void>}
 */
export async function bootstrap(script, args) {
  try {
    await installWhenNeeded(repositoryFolder);
    const node = findNode();
    process.exitCode = await runToEnd(node, [resolve(repositoryFolder, script), ...args]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** @returns {string} */
function findNode() {
  const ours = join(repositoryFolder, 'node_modules', '.bin', 'node');
  if (existsSync(ours) && isNewEnough(versionOf(ours))) return ours;
  if (isNewEnough(process.version)) return process.execPath;
  throw new Error(
    `Fairgate's services need Node ${oldestNode.join('.')} or newer. The npm package "node" brings one ` +
      `for common platforms, but not for ${process.platform} ${process.arch} (or its install script ` +
      `did not run), and this is Node ${process.version}. Please install Node 24 and try again.`,
  );
}

/**
 * @param {string} file
 * @returns {string}
 */
function versionOf(file) {
  const answer = spawnSync(file, ['--version'], { encoding: 'utf8' });
  return answer.status === 0 ? answer.stdout.trim() : '';
}

/**
 * @param {string} version such as v24.1.0
 * @returns {boolean}
 */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * The channel tells the child when this process is killed in a way that it cannot pass on.
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>} the exit code, as a shell gives it
 */
function runToEnd(node, args) {
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  passOnSignals(child);
  watchNpm(child);
  return new Promise((resolvePromise, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolvePromise(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** @param {import('node:child_process').ChildProcess} child */
function passOnSignals(child) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      // Ctrl-C reaches the child from the terminal already; twice would mean "at once" to some.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
}

/**
 * npm's shell may be killed without a word to us. Then nobody is left to stop the child, so it is
 * stopped; a script that was started without npm may well outlive its parent.
 * @param {import('node:child_process').ChildProcess} child
 */
function watchNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, 1_000);
  timer.unref();
}
