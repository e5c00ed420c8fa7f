import { type Logger, pino } from 'pino';

type Fault = { type: string; message: string; code?: unknown; stack?: string; cause?: Fault };

/**
 * JSON lines for people and machines. A failed query is told by its cause alone: drizzle puts the
 * parameters into the message, and they may be anybody's data.
 */
export function makeLog(name: string, level: string): Logger {
  return pino({ name, level, serializers: { err: fault } });
}

export function fault(error: unknown): Fault {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const cause = error.cause === undefined ? {} : { cause: fault(error.cause) };
  if ('params' in error && 'query' in error) {
    return { type: error.constructor.name, message: 'a query failed', ...cause };
  }
  return {
    type: error.constructor.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...cause,
  };
}
