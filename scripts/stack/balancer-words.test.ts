import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFolder } from '../toolchain/folders.ts';
import { balancerWords } from './balancer-words.ts';

test('the balancer says what the pages say, in all their languages', async () => {
  const file = join(repositoryFolder, 'deploy', 'nginx', 'parts', 'words.conf');
  await expect(balancerWords()).toMatchFileSnapshot(file);
});
