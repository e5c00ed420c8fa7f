import { setTimeout as sleep } from 'node:timers/promises';
import { isPostgresWriteFault } from '@fairgate/shared/db/write-fault.ts';
import type { Logger } from 'pino';

/**
 * postgres.js can throw where nothing can catch it when a socket dies (FACTS.md): the pool has
 * made its connections anew by then. Anything else ends the process, and the supervisor starts it.
 */
export function guardProcess(log: Logger): void {
  process.on('uncaughtException', (error) => {
    if (isPostgresWriteFault(error)) {
      return log.error({ err: error }, 'postgres.js lost a connection; the process goes on');
    }
    log.fatal({ err: error }, 'uncaught');
    process.exit(1);
  });
}

/** Repeats what needs Postgres until it is there. */
export async function untilDone(
  what: string,
  log: Logger,
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 1) log.warn({ err: error }, `${what} did not succeed; it goes on trying`);
      await sleep(1_000);
    }
  }
}
