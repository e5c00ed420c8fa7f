import { expect, test } from 'vitest';
import { lengthViolations } from './lengths.ts';
import { sourceFiles } from './source-files.ts';

test('no file of the repository is longer than 300 lines', () => {
  const files = sourceFiles(['.ts', '.mjs', '.lua']);
  expect(files.flatMap(({ path, text }) => lengthViolations(path, text))).toEqual([]);
});

test('300 lines are enough, 301 are too many', () => {
  expect(lengthViolations('a/b.ts', 'x\n'.repeat(300))).toEqual([]);
  expect(lengthViolations('a/b.ts', 'x\n'.repeat(301))).toHaveLength(1);
  expect(lengthViolations('a/b.lua', 'x\n'.repeat(301))).toHaveLength(1);
});

test('a Lua line has at most 100 columns', () => {
  expect(lengthViolations('a/b.lua', 'x'.repeat(100))).toEqual([]);
  expect(lengthViolations('a/b.lua', `\n${'x'.repeat(101)}`)).toEqual([
    { file: 'a/b.lua', detail: 'line 2 has 101 columns' },
  ]);
});

test('what drizzle-kit generates may be long', () => {
  expect(lengthViolations('shared/src/db/migrations/0000_a.ts', 'x\n'.repeat(999))).toEqual([]);
});
