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
