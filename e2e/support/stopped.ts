import type { SharedStack } from './stack.ts';
import { waitFor } from './wait.ts';

/**
 * Holds the queue service still, at a moment at which it is in no transaction, which would keep
 * rows from the others. Returns what lets it go on.
 */
export async function stopQueueService({ info, sql }: SharedStack): Promise<() => void> {
  const found = info().processes.find(({ name }) => name === 'queue-service');
  if (found === undefined) throw new Error('stack.json names no queue service');
  const goOn = () => void process.kill(found.pid, 'SIGCONT');
  await waitFor('a moment without a transaction', 10, async () => {
    process.kill(found.pid, 'SIGSTOP');
    const open = await sql`
      select from pg_stat_activity
      where application_name like 'fairgate-queue-service%' and state like 'idle in transaction%'`;
    if (open.length === 0) return true;
    goOn();
    return false;
  });
  return goOn;
}
