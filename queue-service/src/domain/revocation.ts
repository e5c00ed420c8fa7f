/** Whose places and tokens count no more, by place numbers: a visitor's up to `to`, or all of a range. */
export type Whom =
  | { kind: 'visitor'; visitor: string; to: number }
  | { kind: 'numbers'; from: number; to: number };

/** A room holds all of its sale's, and shows the ranges to everybody in its snapshot. */
export const revocationsMax = 1_000;

/** Only numbers that were given out: whoever joins later is not affected. Null where none was. */
export function givenOut(from: number, to: number, last: number): Whom | null {
  const upTo = Math.min(to, last);
  return from > upTo ? null : { kind: 'numbers', from, to: upTo };
}
