import { afterAll, expect, test } from 'vitest';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { mutants } from './mutant-list.ts';
import { findMutant } from './mutants.ts';

const redisUrl = await freshRedisUrl(afterAll);

test.each(mutants.filter(({ isRare }) => !isRare))(
  'the simulation finds out that $name',
  async (mutant) => {
    const found = await findMutant(redisUrl, mutant);
    expect(found, found.what).toMatchObject({ isRight: true });
  },
  120_000,
);
