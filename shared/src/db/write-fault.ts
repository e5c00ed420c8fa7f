/**
 * The one uncaught error that postgres.js is known for: its `nextWrite` on a socket that is gone.
 * The library's state of that connection is lost; the process' own is not.
 */
export function isPostgresWriteFault(error: unknown): boolean {
  const stack = error instanceof TypeError ? (error.stack ?? '') : '';
  return stack.includes('nextWrite') && /postgres[\\/](src|cjs)/.test(stack);
}
