import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { migrateDatabase } from './migrate.ts';

/** The migrations up to one of them, in a folder of their own. */
function migrationsUpTo(tag: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-migrations-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(fileURLToPath(new URL('./migrations', import.meta.url)), folder, { recursive: true });
  const file = join(folder, 'meta', '_journal.json');
  const journal: { entries: { tag: string }[] } = JSON.parse(readFileSync(file, 'utf8'));
  const last = journal.entries.findIndex((entry) => entry.tag === tag);
  writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, last + 1) }));
  return folder;
}

it('waits for a transaction of a running sale, and holds nobody else up meanwhile', async () => {
  const url = await freshDatabaseUrl();
  const folder = migrationsUpTo('0007_found_by_index');
  await migrateDatabase(url, folder);
  const sql = postgres(url, { max: 3, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 1 }));
  // As before the last migration, which drops an index of `payments`.
  await sql.unsafe(`
    drop index payments_due, payments_silent, outbox_untold;
    create index payments_open on payments (updated_at);
    delete from drizzle.__drizzle_migrations
      where id = (select max(id) from drizzle.__drizzle_migrations)`);
  const busy = await sql.reserve();
  await busy`begin`;
  await busy`select from payments`;
  let isDone = false;
  const migrating = migrateDatabase(url, folder).finally(() => {
    isDone = true;
  });
  const waits = async () =>
    (await sql`select from pg_locks where not granted and relation = 'payments'::regclass`).length;
  for (let seen = 0; seen < 2; ) {
    // It has begun to wait, and by and by gives way; this would wait behind it otherwise, for ever.
    if ((await waits()) === 0) continue;
    seen += 1;
    await sql`select from payments`;
  }
  expect(isDone).toBe(false);
  await busy`commit`;
  busy.release();
  await migrating;
  const names = await sql`select indexname from pg_indexes where tablename = 'payments'`;
  expect(names.map(({ indexname }) => indexname)).toContain('payments_due');
});
