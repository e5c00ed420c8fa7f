import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Caller } from './caller.ts';
import type { Rows, Store } from './ports.ts';

/** How long an `Idempotency-Key` is honoured. */
export const onceMs = 24 * 3_600_000;

/**
 * A transaction that makes something, once for each `Idempotency-Key` of a caller: its result is
 * kept in the same transaction, and given to whoever sends the same again. The result must be
 * plain data, as JSON keeps it. Throws `idempotency-key-reused` for another request with the key.
 */
export async function madeOnce<T>(
  { store, clock }: { store: Store; clock: Clock },
  { actor, once }: Caller,
  work: (rows: Rows) => Promise<T>,
): Promise<T> {
  if (once === null) return await store.transaction(work);
  return await store.transaction(async (rows) => {
    const claimed = await rows.once.claim(actor, once, clock.now());
    switch (claimed.kind) {
      case 'other': {
        const detail = 'The Idempotency-Key came with another request before.';
        throw new Problem('idempotency-key-reused', detail);
      }
      case 'known':
        once.replayed = true;
        // Kept by this very call: the digest is of the method, the path and the body.
        return claimed.result as T;
      case 'new': {
        const result = await work(rows);
        await rows.once.keep(actor, once.key, result);
        return result;
      }
    }
  });
}
