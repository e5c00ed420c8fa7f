import { join } from 'node:path';
import { runCommand } from '../toolchain/command.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import { importViolations } from './imports.ts';
import { lengthViolations } from './lengths.ts';
import { sourceFiles } from './source-files.ts';

/** One check of the whole repository; `output` says what is wrong where it did not pass. */
export type Stage = { name: string; run(): Promise<StageResult> };
export type StageResult = { passed: boolean; output: string };

export const stages: Stage[] = [
  { name: 'types', run: () => tool('tsc', ['--noEmit', '-p', 'tsconfig.json']) },
  { name: 'types of the edge', run: () => tool('tsc', ['--noEmit', '-p', 'edge-worker']) },
  {
    name: 'types of the console',
    run: () => tool('tsc', ['--noEmit', '-p', 'queue-service/src/console']),
  },
  {
    name: 'types of the edge’s scripts',
    run: () => tool('tsc', ['--noEmit', '-p', 'edge-worker/src/pages/client']),
  },
  {
    name: 'types of the checkout’s scripts',
    run: () => tool('tsc', ['--noEmit', '-p', 'checkout-service/src/pages/client']),
  },
  { name: 'lint and format', run: () => tool('biome', ['check', '--error-on-warnings', '.']) },
  { name: 'import rules', run: checkImports },
  { name: 'lengths', run: checkLengths },
];

async function tool(name: string, args: string[]): Promise<StageResult> {
  const file = join(repositoryFolder, 'node_modules', '.bin', name);
  const { exitCode, output } = await runCommand(file, args, { cwd: repositoryFolder });
  return { passed: exitCode === 0, output };
}

async function checkImports(): Promise<StageResult> {
  const found = sourceFiles(['.ts', '.tsx', '.mjs']).flatMap(({ path, text }) =>
    importViolations(path, text),
  );
  return resultOf(found.map((it) => `${it.file}:${it.line} ${it.rule}: ${it.detail}`));
}

async function checkLengths(): Promise<StageResult> {
  const found = sourceFiles(['.ts', '.tsx', '.css', '.mjs', '.lua']).flatMap(({ path, text }) =>
    lengthViolations(path, text),
  );
  return resultOf(found.map((it) => `${it.file}: ${it.detail}`));
}

function resultOf(lines: string[]): StageResult {
  return { passed: lines.length === 0, output: lines.join('\n') };
}
