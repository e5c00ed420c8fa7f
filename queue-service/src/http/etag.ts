import type { Precondition } from '../app/precondition.ts';

/** The ETag of an object is its version (RFC 9110 8.8.3). */
export function etag(version: number): string {
  return `"v${version}"`;
}

/** What `If-Match` allows; a tag that is none of ours matches no version. */
export function precondition(header: string | undefined): Precondition {
  if (header === undefined || header.trim() === '*') return null;
  return header.split(',').map((tag) => {
    const match = /^(?:W\/)?"v(\d{1,9})"$/.exec(tag.trim());
    return match ? Number(match[1]) : -1;
  });
}
