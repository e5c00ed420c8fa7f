import { fault } from '@fairgate/shared/fault.ts';
import { type Logger, pino } from 'pino';

/** JSON lines for people and machines. */
export function makeLog(name: string, level: string): Logger {
  return pino({ name, level, serializers: { err: fault } });
}
