import { Problem } from '@fairgate/shared/problem.ts';

/** Versions that `If-Match` allows; null where it was not sent, or allows any. */
export type Precondition = readonly number[] | null;

/** Throws a `conflict` where the object has changed since its `ETag` was read (RFC 9110 13.1.1). */
export function requireVersion(expected: Precondition, version: number): void {
  if (expected !== null && !expected.includes(version)) {
    throw new Problem('conflict', 'It has changed since you read it (If-Match). Read it again.');
  }
}
