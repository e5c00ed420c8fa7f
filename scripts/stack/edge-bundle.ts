import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from '../check/source-files.ts';
import { buildPages } from '../pages/build.ts';
import { SetupError } from '../setup-error.ts';
import { runCommand } from '../toolchain/command.ts';
import { repositoryFolder } from '../toolchain/folders.ts';

export type EdgeBundle = { folder: string; isFresh: boolean };

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

/**
 * Bundles the Worker into `folder` as a deployment would, unless what it is made of has not
 * changed since. Throws a SetupError with wrangler's words where it does not build.
 */
export async function buildEdge(
  folder: string,
  onLine: (line: string) => void = () => {},
): Promise<EdgeBundle> {
  const stamp = join(folder, 'sources.sha256');
  const digest = sourcesDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest)
    return { folder, isFresh: false };
  await buildPages(onLine);
  onLine('bundling the edge Worker');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const args = [wranglerScript, 'deploy', '--dry-run', '--outdir', folder];
  const built = await runCommand(process.execPath, args, {
    cwd: repositoryFolder,
    env: { ...wranglerSettings, WRANGLER_LOG_PATH: join(folder, 'wrangler.log') },
    timeoutSeconds: 180,
  });
  if (built.exitCode !== 0)
    throw new SetupError(`The edge does not build:\n${built.output.trim()}`);
  writeFileSync(stamp, digest);
  return { folder, isFresh: true };
}

/** What the bundle is made of: its sources, the shared ones, wrangler's settings, and the lock. */
function sourcesDigest(): string {
  const hash = createHash('sha256');
  for (const root of ['edge-worker', 'shared']) {
    const files = sourceFiles([''], join(repositoryFolder, root));
    const ofBundle = files.filter(({ path }) => !path.endsWith('.test.ts'));
    for (const { path, text } of ofBundle) hash.update(`${root}/${path}\0${text}\0`);
  }
  for (const file of ['wrangler.toml', 'package-lock.json', 'tsconfig.base.json']) {
    hash.update(`${file}\0${readFileSync(join(repositoryFolder, file), 'utf8')}\0`);
  }
  return hash.digest('hex');
}
