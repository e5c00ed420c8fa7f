import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isNewEnough } from './bootstrap.mjs';
import { missingPackages } from './install.mjs';
import { repositoryFolder } from './toolchain/folders.ts';

test('a package that is missing, or of another version, asks for an install', () => {
  const wanted = {
    '': { version: '1.0.0' },
    shared: { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0' },
    'node_modules/c': { version: '1.0.0' },
    'node_modules/for-another-platform': { version: '1.0.0', optional: true },
  };
  const present = {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '1.0.0' },
  };
  expect(missingPackages(wanted, present)).toEqual(['node_modules/b', 'node_modules/c']);
});

test('Node runs TypeScript as it is from 22.18 on', () => {
  const versions = ['v18.20.0', 'v22.17.9', 'v22.18.0', 'v24.1.0', ''];
  expect(versions.map(isNewEnough)).toEqual([false, false, true, true, false]);
});

test('the lock names the packages of every platform, without which npm ci refuses a fresh clone', () => {
  type Entry = { optionalDependencies?: Record<string, string> };
  const file = join(repositoryFolder, 'package-lock.json');
  const packages: Record<string, Entry> = JSON.parse(readFileSync(file, 'utf8')).packages;
  const absent = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in packages),
    ),
  );
  expect(absent).toEqual([]);
});

/** Where a package's own packages may lie: beside it or in any folder above, as Node looks. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/node_modules/');
  return ['', ...parts.map((_, index) => `${parts.slice(0, index + 1).join('/node_modules/')}/`)];
}
