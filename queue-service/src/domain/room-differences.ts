import type { UnitCounts } from './records.ts';

/** The same figures as both stores have them. */
export type Ledgered = { stock: Map<string, UnitCounts>; redeemed: number; holding: number };

/**
 * Where Redis' late picture has not caught up with Postgres, in sentences: stock, redemptions,
 * unpaid orders. `nameOf` names a product.
 */
export function roomDifferences(
  redis: Ledgered,
  postgres: Ledgered,
  nameOf: (productId: string) => string,
): string[] {
  const ids = new Set([...postgres.stock.keys(), ...redis.stock.keys()]);
  const stock = [...ids].flatMap((id) => {
    const [seen, kept] = [redis.stock.get(id), postgres.stock.get(id)];
    const isSame =
      seen?.free === kept?.free && seen?.held === kept?.held && seen?.sold === kept?.sold;
    return isSame
      ? []
      : [`${nameOf(id)}: ${unitsText(seen)} in Redis, ${unitsText(kept)} in Postgres.`];
  });
  const counts: [string, number, number][] = [
    ['Tokens redeemed', redis.redeemed, postgres.redeemed],
    ['Orders that await payment', redis.holding, postgres.holding],
  ];
  const differing = counts.filter(([, seen, kept]) => seen !== kept);
  return [
    ...stock,
    ...differing.map(([what, seen, kept]) => `${what}: ${seen} in Redis, ${kept} in Postgres.`),
  ];
}

function unitsText(counts: UnitCounts | undefined): string {
  if (counts === undefined) return 'nothing';
  return `${counts.free} units free, ${counts.held} held, ${counts.sold} sold`;
}

/** The room's stock hash, `product -> free:held:sold`; its sums and version are left out. */
export function stockFrom(hash: Readonly<Record<string, string>>): Map<string, UnitCounts> {
  const stock = new Map<string, UnitCounts>();
  for (const [field, value] of Object.entries(hash)) {
    const [free, held, sold] = value.split(':').map(Number);
    if (free !== undefined && held !== undefined && sold !== undefined) {
      stock.set(field, { free, held, sold });
    }
  }
  return stock;
}
