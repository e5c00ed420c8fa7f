import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from '../check/source-files.ts';
import { buildPages, pagesStamp } from '../pages/build.ts';
import { SetupError } from '../setup-error.ts';
import { runCommand } from '../toolchain/command.ts';
import { repositoryFolder } from '../toolchain/folders.ts';

export type EdgeBundle = { folder: string };

/** wrangler asks for no account, sends nothing home, and does not look for newer versions of itself. */
export const wranglerSettings = {
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  NO_COLOR: '1',
};

/** The program itself; the one in bin/ is a script in front of it, which a signal would not get past. */
export const wranglerScript = join(repositoryFolder, 'node_modules/wrangler/wrangler-dist/cli.js');

/** Where each bundle is made once, by the digest of its sources, for every stack and test. */
const madeFolder = join(repositoryFolder, 'edge-worker/dist/bundles');
const keptMs = 3_600_000;

/**
 * Puts the Worker into `folder`, bundled as a deployment would; bundles it only where what it is
 * made of has changed. Throws a SetupError with wrangler's words where it does not build.
 */
export async function buildEdge(
  folder: string,
  onLine: (line: string) => void = () => {},
): Promise<EdgeBundle> {
  await buildPages(onLine);
  const digest = sourcesDigest();
  const stamp = join(folder, 'sources.sha256');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return { folder };
  const made = join(madeFolder, digest);
  if (!existsSync(made)) await bundle(made, onLine);
  rmSync(folder, { recursive: true, force: true });
  cpSync(made, folder, { recursive: true });
  writeFileSync(stamp, digest);
  return { folder };
}

/** Made beside its place and renamed, so that nobody copies half a bundle. */
async function bundle(made: string, onLine: (line: string) => void): Promise<void> {
  onLine('bundling the edge Worker');
  mkdirSync(madeFolder, { recursive: true });
  const fresh = mkdtempSync(`${made}.`);
  try {
    await runWrangler(fresh);
    removeOld();
    renameSync(fresh, made);
  } catch (error) {
    // Somebody else may have made the same at the same time.
    if (!existsSync(made)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Of other sources, and what killed runs left; not what somebody may be copying, or making. */
function removeOld(): void {
  for (const name of readdirSync(madeFolder)) {
    const path = join(madeFolder, name);
    const madeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - madeMs > keptMs) rmSync(path, { recursive: true, force: true });
  }
}

async function runWrangler(folder: string): Promise<void> {
  const args = [wranglerScript, 'deploy', '--dry-run', '--outdir', folder];
  const built = await runCommand(process.execPath, args, {
    cwd: repositoryFolder,
    env: { ...wranglerSettings, WRANGLER_LOG_PATH: join(folder, 'wrangler.log') },
    timeoutSeconds: 180,
  });
  if (built.exitCode !== 0)
    throw new SetupError(`The edge does not build:\n${built.output.trim()}`);
}

/** What the bundle is made of: its sources, the shared ones, the pages, wrangler's settings, the lock. */
function sourcesDigest(): string {
  const hash = createHash('sha256');
  for (const root of ['edge-worker', 'shared']) {
    const files = sourceFiles([''], join(repositoryFolder, root));
    const ofBundle = files.filter(({ path }) => !path.endsWith('.test.ts'));
    for (const { path, text } of ofBundle) hash.update(`${root}/${path}\0${text}\0`);
  }
  const further = ['wrangler.toml', 'package-lock.json', 'tsconfig.base.json', pagesStamp];
  for (const file of further) {
    hash.update(`${file}\0${readFileSync(join(repositoryFolder, file), 'utf8')}\0`);
  }
  return hash.digest('hex');
}
