import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from '../check/run.ts';
import { buildPages } from '../pages/build.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import { compileCache, quickImports } from '../toolchain/node.ts';
import { type Counts, countTests } from './counts.ts';

// `npm test [-- filter …]`: the checks, then every test; filters choose test files and skip the checks.

let running: ChildProcess | undefined;

/** For vitest's processes and all that they start; as the services have it. */
const nodeOptions = [process.env.NODE_OPTIONS, quickImports].filter(Boolean).join(' ');

/** A second signal of the same kind, from the terminal and from the bootstrap, is one request. */
function passOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.on(signal, () => {});
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      running?.kill(signal);
    });
  }
}

/** Runs vitest to its end, and counts what its report says. */
async function runTests(filters: string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-report-'));
  const report = join(folder, 'report.json');
  const vitest = join(repositoryFolder, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  running = spawn(process.execPath, [vitest, 'run', ...reporters, ...filters], {
    cwd: repositoryFolder,
    env: { ...process.env, ...compileCache, NODE_OPTIONS: nodeOptions },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const child = running;
  const exitCode = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  try {
    return countTests(JSON.parse(readFileSync(report, 'utf8')), exitCode);
  } catch {
    console.log(`vitest left no report (exit code ${exitCode}).`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

passOnSignals();
const filters = process.argv.slice(2);
await buildPages(console.log);
const checks = filters.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
const tests = await runTests(filters);
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
