import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFolder } from '../toolchain/folders.ts';

const read = (path: string) => readFileSync(join(repositoryFolder, path), 'utf8');
const documented = new Set(read('docs/operations.md').match(/\b[A-Z][A-Z0-9_]+\b/g));

test.each([
  ['queue-service/src/config.ts', /^ +(FAIRGATE_[A-Z0-9_]+): /gm],
  ['queue-service/src/dkim-config.ts', /^ +(FAIRGATE_[A-Z0-9_]+): /gm],
  ['queue-service/src/push-config.ts', /^ +(FAIRGATE_[A-Z0-9_]+): /gm],
  ['checkout-service/src/config.ts', /^ +(FAIRGATE_[A-Z0-9_]+): /gm],
  ['edge-worker/src/config.ts', /^ +([A-Z][A-Z0-9_]+): /gm],
])('every setting of %s is told of in docs/operations.md', (file, field) => {
  const names = [...read(file).matchAll(field)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((name) => !documented.has(name))).toEqual([]);
});
