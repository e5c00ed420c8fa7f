import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from '../toolchain/folders.ts';

export type SourceFile = { path: string; text: string };

const notOurs = new Set(['node_modules', '.local', '.git', '.wrangler', 'dist', 'coverage']);

/** Every file of the repository with one of these endings; paths from the root, with slashes. */
export function sourceFiles(endings: string[], root: string = repositoryFolder): SourceFile[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => !notOurs.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? walk(root, entry.name) : [entry.name]))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !notOurs.has(entry.name))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(root, path) : [path];
    });
}
