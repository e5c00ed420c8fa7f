import { fault } from '@fairgate/shared/fault.ts';
import { type DestinationStream, type Logger, pino } from 'pino';

/** JSON lines, to the standard output unless told otherwise; `base` is in each of them. */
export function makeLog(
  level: string,
  base: Record<string, string>,
  to?: DestinationStream,
): Logger {
  return pino({ level, base, serializers: { err: fault } }, to);
}
