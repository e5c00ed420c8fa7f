/**
 * Something that the person at the keyboard can put right: a port in use, a folder that cannot be
 * written, a missing program. Its message says what and how, and is printed without a stack trace.
 */
export class SetupError extends Error {
  override name = 'SetupError';
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
