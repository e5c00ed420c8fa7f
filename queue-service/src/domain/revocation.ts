/** Whose places and tokens count no more: place numbers, as tickets and the lobby have them. */
export type Whom =
  | { kind: 'visitor'; visitor: string }
  | { kind: 'numbers'; from: number; to: number };

/** As it stands in Postgres, for the room. */
export type StoredRevocation = { id: string; visitor?: string; from?: number; to?: number };

/** A room holds all of its sale's, and shows the ranges to everybody in its snapshot. */
export const revocationsMax = 1_000;

/**
 * Only numbers that were given out: whoever joins later is not affected. Null where none was.
 * `last`: the highest number so far; null where the room cannot tell.
 */
export function givenOut(from: number, to: number, last: number | null): Whom | null {
  const upTo = last === null ? to : Math.min(to, last);
  return from > upTo ? null : { kind: 'numbers', from, to: upTo };
}

/**
 * For how long tokens that are issued yet count no more either: until the room has heard of it. A
 * visitor may join again after that; a number is never given to anybody else.
 */
export function revokedForMs(whom: Whom): number {
  return whom.kind === 'visitor' ? 5_000 : 24 * 3_600_000;
}
