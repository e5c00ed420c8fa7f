import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { migrateDatabase } from './migrate.ts';

const docs = readFileSync(
  fileURLToPath(new URL('../../../docs/analytics.md', import.meta.url)),
  'utf8',
);
const queries = [...docs.matchAll(/```sql\n(.*?)```/gs)].map(([, text]) => text ?? '');

let sql: postgres.Sql;
let views: string[];
beforeAll(async () => {
  const url = await freshDatabaseUrl(afterAll);
  await migrateDatabase(url);
  sql = postgres(url, { max: 1, onnotice: () => {} });
  const rows = await sql`
    select viewname as name from pg_views where viewname like 'analytics%' order by 1`;
  views = rows.map(({ name }) => String(name));
});
afterAll(() => sql.end({ timeout: 1 }));

test('each view answers a question of the docs, and each query there runs as it stands', async () => {
  expect(views).toHaveLength(12);
  for (const view of views) expect(docs).toContain(`| \`${view}\` |`);
  const asked = queries.filter((text) => text.includes('analytics_') && text.includes('$1'));
  expect(asked).toHaveLength(11);
  for (const text of asked) expect(await sql.unsafe(text, ['sale_x'])).toHaveLength(0);
});

test('the columns that the docs name are those of the views', async () => {
  for (const view of views) {
    const columns = (await sql.unsafe(`select * from ${view} limit 0`)).columns ?? [];
    for (const { name } of columns) {
      if (name === 'sale_id' || view === 'analytics_places') continue;
      expect(docs, `${name} of ${view}`).toMatch(new RegExp(`\\b${name}\\b`));
    }
  }
});

test('a reader made as the docs say reads the views and events, and no table beside', async () => {
  const role = `reader_${process.pid}`;
  const text = queries.find((it) => it.includes('create role bi')) ?? '';
  onTestFinished(async () => {
    await sql.unsafe(`reset role; drop owned by ${role}; drop role ${role}`);
  });
  await sql.unsafe(text.replaceAll(/\bbi\b/g, role));
  await sql.unsafe(`set role ${role}`);
  for (const view of [...views, 'events']) await sql.unsafe(`select * from ${view} limit 1`);
  for (const table of ['orders', 'ledger', 'redemptions', 'products']) {
    await expect(sql.unsafe(`select * from ${table}`)).rejects.toThrow(/permission denied/);
  }
});
