import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashedCacheControl, hashedName } from '@fairgate/shared/pages/asset.ts';
import { build, stop } from 'esbuild';
import { sourceFiles } from '../check/source-files.ts';
import { SetupError } from '../setup-error.ts';
import { repositoryFolder } from '../toolchain/folders.ts';

// sources -> one file for each script -> text for the Worker, hashed files for its static assets

/** The scripts of shoppers' pages, by the workspace whose pages load them. */
const scripts = {
  'edge-worker': ['sale', 'tells', 'refusals', 'catalogue', 'challenge', 'pow', 'timer'],
  'checkout-service': ['checkout', 'order', 'order-stripe'],
} as const satisfies Record<string, readonly string[]>;

type Workspace = keyof typeof scripts;

/** Phones of some years ago: ES modules, optional chaining, `Intl` units. */
const target = ['es2020', 'chrome87', 'firefox88', 'safari14.1'];

const folderOf = (workspace: Workspace, ...rest: string[]) =>
  join(repositoryFolder, workspace, 'dist', ...rest);

/** Its content changes with the pages' scripts; a path inside the repository. */
export const pagesStamp = 'edge-worker/dist/pages.sha256';

/**
 * Bundles the scripts of the pages, unless what they are made of has not changed since. Throws a
 * SetupError with esbuild's words where they do not build.
 */
export async function buildPages(onLine: (line: string) => void = () => {}): Promise<void> {
  const stamp = join(repositoryFolder, pagesStamp);
  const digest = sourcesDigest();
  const isBuilt = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (isBuilt && existsSync(folderOf('checkout-service', 'pages'))) return;
  onLine('building the pages’ scripts');
  rmSync(stamp, { force: true });
  try {
    for (const workspace of Object.keys(scripts) as Workspace[]) await buildOf(workspace);
  } finally {
    // Its helper process would stay for as long as the stack runs.
    await stop();
  }
  writeFileSync(stamp, digest);
}

async function buildOf(workspace: Workspace): Promise<void> {
  const pages = folderOf(workspace, 'pages');
  const assets = folderOf(workspace, 'assets', 'assets');
  rmSync(folderOf(workspace, 'assets'), { recursive: true, force: true });
  rmSync(pages, { recursive: true, force: true });
  mkdirSync(pages, { recursive: true });
  if (workspace === 'edge-worker') mkdirSync(assets, { recursive: true });
  for (const name of scripts[workspace]) {
    const text = await bundled(join(repositoryFolder, workspace, 'src/pages/client', `${name}.ts`));
    // `.txt`: the Worker holds it as text, to name it by its hash and to serve it where nobody else does.
    writeFileSync(join(pages, `${name}.js.txt`), text);
    if (workspace !== 'edge-worker') continue;
    writeFileSync(join(assets, hashedName(`${name}.js`, text)), text);
  }
  if (workspace !== 'edge-worker') return;
  const headers = `/assets/*\n  Cache-Control: ${hashedCacheControl}\n  X-Content-Type-Options: nosniff\n`;
  writeFileSync(folderOf(workspace, 'assets', '_headers'), headers);
}

async function bundled(entry: string): Promise<string> {
  try {
    const built = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target,
      charset: 'utf8',
    });
    return built.outputFiles[0]?.text ?? '';
  } catch (error) {
    throw new SetupError(`The pages’ scripts do not build:\n${String(error)}`);
  }
}

/** What the scripts are made of: all sources that they may import, and the lock. */
function sourcesDigest(): string {
  const hash = createHash('sha256');
  const roots = [
    'edge-worker/src/pages',
    'checkout-service/src/pages',
    'shared/src',
    'scripts/pages',
  ];
  for (const root of roots) {
    const files = sourceFiles(['.ts'], join(repositoryFolder, root));
    const used = files.filter(({ path }) => !path.endsWith('.test.ts'));
    for (const { path, text } of used) hash.update(`${root}/${path}\0${text}\0`);
  }
  hash.update(readFileSync(join(repositoryFolder, 'package-lock.json'), 'utf8'));
  return hash.digest('hex');
}
