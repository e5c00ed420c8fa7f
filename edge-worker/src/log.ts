import { withoutArguments } from '@fairgate/shared/fault.ts';

/** One JSON line for the platform's log. Never tokens, tickets, keys, cookies or query strings. */
export function logFault(where: string, error: unknown, more: Record<string, string> = {}): void {
  const cause =
    error instanceof Error && error.cause !== undefined ? String(error.cause) : undefined;
  const line = {
    level: 'error',
    where,
    ...more,
    error: withoutArguments(String(error)),
    ...(cause ? { cause: withoutArguments(cause) } : {}),
  };
  // biome-ignore lint/suspicious/noConsole: a Worker has no other log
  console.error(JSON.stringify(line));
}
