import postgres from 'postgres';
import { expect, test } from 'vitest';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { arrayTypes } from './array-types.ts';

test('arrays go to Postgres and come back as they were, without asking for its types', async () => {
  const url = await freshDatabaseUrl();
  const sql = postgres(url, { max: 1, fetch_types: false, types: arrayTypes });
  const texts = ['a', 'NULL', '', 'with "quotes", {braces} and \\', 'two\nlines', 'ü'];
  const ints = [1, -2, 2_147_483_647];
  const [row] = await sql`
    select ${texts}::text[] as texts, ${ints}::int[] as ints, ${[9_007_199_254_740_991]}::bigint[] as longs,
      ${[]}::text[] as none, array[null, 'x'] as holes, 'a' = any(${texts}::text[]) as found`;
  expect(row).toEqual({
    texts,
    ints,
    longs: [9_007_199_254_740_991],
    none: [],
    holes: [null, 'x'],
    found: true,
  });
  await sql.end();
});
