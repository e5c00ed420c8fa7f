export type Fault = {
  type: string;
  message: string;
  code?: unknown;
  stack?: string;
  cause?: Fault;
};

/**
 * An error for a log: the fields named here and no others. An ioredis error carries its command,
 * and with it the password of a handshake. A failed query is told by its cause alone: drizzle puts
 * the parameters into the message, and they may be anybody's data.
 */
export function fault(error: unknown): Fault {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const cause = error.cause === undefined ? {} : { cause: fault(error.cause) };
  if ('params' in error && 'query' in error) {
    return { type: error.constructor.name, message: 'a query failed', ...cause };
  }
  return {
    type: error.constructor.name,
    message: withoutArguments(error.message),
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: withoutArguments(error.stack) }),
    ...cause,
  };
}

/** A Redis that does not know HELLO repeats its arguments, and the password is one of them. */
export function withoutArguments(text: string): string {
  return text.replaceAll(/with args beginning with:.*/g, 'with arguments');
}
