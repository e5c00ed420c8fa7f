import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf, SetupError } from '../setup-error.ts';
import { findOnPath, isExecutableFile, runCommand } from './command.ts';
import { toolsFolder } from './folders.ts';

/** What playwright-core's `chromium.launch` takes. */
export type ChromiumLaunch = {
  executablePath: string;
  args: string[];
  env: Record<string, string>;
};

const installedNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** It runs as root in containers, loads nothing that no test asked for, and keeps to TCP. */
const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/**
 * A Chromium for the browser tests: FAIRGATE_CHROMIUM, then one on PATH, then the one that the
 * package @sparticuz/chromium ships, unpacked once. Throws a SetupError where none runs.
 */
export async function findChromium(env: NodeJS.ProcessEnv = process.env): Promise<ChromiumLaunch> {
  const chosen = env.FAIRGATE_CHROMIUM || findOnPath(installedNames, env.PATH);
  if (chosen !== undefined) {
    if (!isExecutableFile(chosen)) {
      throw new SetupError(`FAIRGATE_CHROMIUM is ${chosen}, which is not an executable file.`);
    }
    return { executablePath: chosen, args: flags, env: environment(env, {}) };
  }
  const folder = await unpack(env);
  const executablePath = join(folder, 'chromium');
  const own = { FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  // The package's libraries stand in for those that a slim system lacks, and only there.
  const libraries = { ...own, LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') };
  for (const extra of [own, libraries]) {
    const tried = await runCommand(executablePath, ['--version'], { env: extra });
    if (tried.exitCode === 0) {
      return { executablePath, args: [...flags, '--no-zygote'], env: environment(env, extra) };
    }
  }
  throw new SetupError(
    `The packaged Chromium (${executablePath}) does not run here. Install Chromium, or name one in ` +
      'FAIRGATE_CHROMIUM.',
  );
}

/** The package unpacks into the temporary folder of its process, so it gets one of its own. */
async function unpack(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = join(toolsFolder(env), `chromium-${packageVersion()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}.part-`);
  try {
    const script = "import('@sparticuz/chromium').then((it) => it.default.executablePath())";
    const unpacked = await runCommand(process.execPath, ['--eval', script], {
      cwd: dirname(import.meta.filename),
      // This is how the package is asked for the libraries of Amazon Linux too.
      env: { TMPDIR: draft, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
    });
    if (unpacked.exitCode !== 0) throw new Error(unpacked.output);
    writeFileSync(join(draft, 'fonts.conf'), fontSettings(folder));
    if (!existsSync(folder)) renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) {
      throw new SetupError(`The packaged Chromium could not be unpacked: ${messageOf(error)}`);
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/** The package's own file looks for fonts where a serverless platform has them. */
function fontSettings(folder: string): string {
  const folders = ['/usr/share/fonts', '/usr/local/share/fonts', join(folder, 'fonts')];
  const entries = folders.map((path) => `<dir>${path}</dir>`).join('');
  const cache = `<cachedir>${join(folder, 'fonts-cache')}</cachedir>`;
  return `<?xml version="1.0"?><fontconfig>${entries}${cache}</fontconfig>\n`;
}

function packageVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const file = join(dirname(dirname(entry)), 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

function environment(
  env: NodeJS.ProcessEnv,
  extra: Record<string, string>,
): Record<string, string> {
  const set = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(set), ...extra };
}
