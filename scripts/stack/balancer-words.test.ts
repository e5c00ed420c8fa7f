import { join } from 'node:path';
import { languageOf } from '@fairgate/shared/words/languages.ts';
import { expect, test } from 'vitest';
import { repositoryFolder } from '../toolchain/folders.ts';
import { balancerWords } from './balancer-words.ts';

test('the balancer says what the pages say, in all their languages', async () => {
  const file = join(repositoryFolder, 'deploy', 'nginx', 'parts', 'words.conf');
  await expect(balancerWords()).toMatchFileSnapshot(file);
});

test.each([
  ['de', 'pt-BR,pt;q=0.9,en;q=0.8'],
  ['', 'xx-YY,ar-EG;q=0.8,de;q=0.5'],
  ['', 'de;q=0,en'],
  ['', 'de-AT ; Q=0.000 , fr;q=0.8'],
  ['', 'ja;q=0.05,ko;q=0.04'],
  ['', 'hi;q=0'],
  ['', 'english,nl'],
  ['', ''],
])('of the cookie "%s" and "%s" it reads the language that the pages speak', (cookie, header) => {
  const patterns = [...balancerWords().matchAll(/^ {2}"~\*(.*)" (\w\w);$/gm)];
  expect(patterns.length).toBeGreaterThan(1);
  const told = patterns.find(([, pattern = '']) =>
    new RegExp(pattern, 'i').test(`${cookie},${header}`),
  );
  expect(told?.[2] ?? 'en').toBe(languageOf(`${cookie},${header}`));
});
