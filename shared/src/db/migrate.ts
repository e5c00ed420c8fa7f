import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';

/** drizzle's `migrate` takes no lock (FACTS.md); any fixed number that is ours alone will do. */
const migrationLock = 4_242_001;

/** A sale that runs waits no longer for a migration that waits for it, and no deadlock comes of it. */
const lockMsMax = 500;
const triesMax = 20;

const folderOfAll = fileURLToPath(new URL('./migrations', import.meta.url));

/** Brings the schema up to date; instances that boot together wait for one another. */
export async function migrateDatabase(url: string, migrationsFolder = folderOfAll): Promise<void> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => {},
  });
  try {
    await sql`select pg_advisory_lock(${migrationLock})`;
    await sql.unsafe(`set lock_timeout = ${lockMsMax}`);
    for (let tries = 1; ; tries += 1) {
      const fault = await migrate(drizzle(sql), { migrationsFolder }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (fault === undefined) break;
      if (tries >= triesMax || !isLockNotHad(fault)) throw fault;
      await sleep(lockMsMax);
    }
    await sql`select pg_advisory_unlock(${migrationLock})`;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** `lock_timeout`, which drizzle wraps in an error of its own. */
function isLockNotHad(fault: unknown): boolean {
  const cause = fault instanceof Error && fault.cause !== undefined ? fault.cause : fault;
  return cause instanceof postgres.PostgresError && cause.code === '55P03';
}
