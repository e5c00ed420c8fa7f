import type { RoomBooks } from '@fairgate/shared/room/books.ts';
import type { StockCount } from '@fairgate/shared/room/room.ts';

/** What Redis and Postgres may differ in. */
export const differenceKinds = [
  /** An order awaits payment, and does not count as active in the room. */
  'holding-missing',
  /** An order counts as active in the room, and awaits no payment. */
  'holding-over',
  /** A token is alive in the room, and was spent. */
  'token-spent',
  /** Units that are gone, and that the room may still promise; or the other way round. */
  'budget',
  /** Redemptions counted. */
  'redeemed',
  /** The picture of the stock, by product. */
  'stock',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** What happened that the room has not heard of: it explains a difference. */
export type Unheard = { kind: string; taken: number; returned: number };

/**
 * Units by which Postgres has more gone than the room thinks; what the room will yet hear of is
 * taken off. Null where the room was too large to be summed up.
 */
export function budgetDifference(
  counts: readonly StockCount[],
  gone: number | null,
  unheard: readonly Unheard[],
): number | null {
  if (gone === null) return null;
  const goneThere = counts.reduce((sum, { held, sold }) => sum + held + sold, 0);
  return goneThere - unheard.reduce((sum, report) => sum + unitsOf(report), 0) - gone;
}

/** By how many more units are gone after the report. */
function unitsOf({ kind, taken, returned }: Unheard): number {
  if (kind === 'spent' || kind === 'bought') return taken;
  return kind === 'ended' ? -returned : 0;
}

export function redeemedDifference(
  redeemed: number,
  books: Pick<RoomBooks, 'redeemed'>,
  unheard: readonly Unheard[],
): number {
  const coming = unheard.filter(({ kind }) => kind === 'spent').length;
  return redeemed - coming - books.redeemed;
}

/**
 * Products whose picture is not what Postgres says, each with the picture's version: a busy sale's
 * picture is always a little late, and renewed by the next look; one that stays as it is, is wrong.
 */
export function stockDifferences(
  counts: readonly StockCount[],
  picture: ReadonlyMap<string, string>,
): string[] {
  return counts
    .filter(({ productId, free, held, sold }) => {
      return picture.get(productId) !== `${free}:${held}:${sold}`;
    })
    .map(({ productId }) => `${productId}@${picture.get('version')}`);
}

/** The part of a count that both of two looks saw: what came and went between them is no fault. */
export function standing(before: number, now: number): number {
  if (Math.sign(before) !== Math.sign(now)) return 0;
  return Math.sign(now) * Math.min(Math.abs(before), Math.abs(now));
}
