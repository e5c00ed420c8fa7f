import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

async function crowd(args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['e2e/crowd/main.ts', ...args], { cwd: repositoryFolder });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

test('a crowd of 150 for 40 units buys all of them, none twice, in the order of arrival', async () => {
  const { code, output } = await crowd([
    ...['--shoppers', '150', '--units', '40', '--seed', '11', '--arrival-seconds', '4'],
    ...['--stack', stack.infoFile],
  ]);
  console.log(output);
  expect(output).toMatch(/^oversold 0$/m);
  expect(output).toMatch(/^out-of-order 0$/m);
  expect(output).toMatch(/^sold 40, held 0, free 0 of 40$/m);
  expect(output).toMatch(/, failed 0$/m);
  expect(output).not.toMatch(/nothing is left/);
  expect(code).toBe(0);
  const saleId = /\/sales\/(sale_\w+)/.exec(output)?.[1] ?? '';
  const holdings = await stack.addsUp({ saleId, units: 40 });
  expect(holdings).toMatchObject({ free: 0, held: 0, sold: 40, paid: 40 });
});

test('a crowd without a stack, or with options that it cannot read, says so', async () => {
  const missing = await crowd(['--stack', '/nonexistent/stack.json']);
  expect(missing).toMatchObject({ code: 2, output: expect.stringContaining('npm start') });
  const wrong = await crowd(['--shoppers', 'many', '--leave', '2']);
  expect(wrong.code).toBe(2);
  expect(wrong.output).toMatch(/--shoppers[\s\S]*--leave/);
});
