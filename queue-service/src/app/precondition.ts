import { Problem } from '@fairgate/shared/problem.ts';

/** Versions that `If-Match` allows; null where it was not sent, or allows any. */
export type Precondition = readonly number[] | null;

/** Throws `precondition-failed` where the object has changed since its `ETag` was read (RFC 9110 13.1.1). */
export function requireVersion(expected: Precondition, version: number): void {
  if (expected !== null && !expected.includes(version)) {
    const detail = 'It has changed since you read it (If-Match). Read it again.';
    throw new Problem('precondition-failed', detail);
  }
}
