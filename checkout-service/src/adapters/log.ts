import { fault } from '@fairgate/shared/fault.ts';
import { type Logger, pino } from 'pino';

/** JSON lines; `base` is in each of them. */
export function makeLog(level: string, base: Record<string, string>): Logger {
  return pino({ level, base, serializers: { err: fault } });
}
