import { onceResults } from '@fairgate/shared/db/schema-access.ts';
import { and, eq, lt } from 'drizzle-orm';
import type { OnceRows } from '../../app/access-ports.ts';
import type { Executor } from './executor.ts';

export function onceRows(db: Executor): OnceRows {
  const row = (actor: string, key: string) =>
    and(eq(onceResults.actor, actor), eq(onceResults.key, key));
  return {
    async claim(actor, { key, digest }, now) {
      // Another one's row is waited for until its transaction has ended.
      const made = await db
        .insert(onceResults)
        .values({ actor, key, digest, createdAt: new Date(now) })
        .onConflictDoNothing()
        .returning({ key: onceResults.key });
      if (made.length > 0) return { kind: 'new' };
      const [found] = await db.select().from(onceResults).where(row(actor, key));
      if (found?.digest !== digest) return { kind: 'other' };
      return { kind: 'known', result: found.result };
    },
    async keep(actor, key, result) {
      await db.update(onceResults).set({ result }).where(row(actor, key));
    },
    async drop(before) {
      await db.delete(onceResults).where(lt(onceResults.createdAt, new Date(before)));
    },
  };
}
