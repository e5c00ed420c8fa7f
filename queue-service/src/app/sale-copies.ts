import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { unitsInAllMax } from '../domain/product-import.ts';
import { type SaleRecord, unitsTotal } from '../domain/records.ts';
import { by, type Caller } from './caller.ts';
import { madeOnce } from './once.ts';
import type { Rows, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import { createSale, existingSale } from './sales.ts';

export type SaleCopy = {
  /** That of the sale where it is undefined. */
  name?: string | undefined;
  startsAt: number;
  endsAt: number | null;
  products: 'same' | 'copies';
};

/** Makes a draft like a sale in any state. Throws Problems: `not-found`, `conflict`. */
export type CopySale = (
  caller: Caller,
  id: string,
  copy: SaleCopy,
  expected: Precondition,
) => Promise<SaleRecord>;

type Parts = { store: Store; clock: Clock };

export function copySale(parts: Parts): CopySale {
  const { clock } = parts;
  return async (caller, id, { products, name, ...times }, expected) =>
    await madeOnce(parts, caller, async (rows) => {
      const sale = await existingSale(rows, id);
      requireVersion(expected, sale.version);
      const { mode, room } = sale;
      const productIds =
        products === 'same'
          ? await offeredAgain(rows, sale)
          : await copiesOf(rows, clock.now(), caller, sale);
      const input = { name: name ?? sale.name, ...times, mode, room, productIds, publish: false };
      const copy = await createSale(rows, clock, caller, input, { copyOf: id });
      const look = await rows.appearances.find(id);
      if (look !== null) await rows.appearances.put(copy.id, look.appearance, clock.now());
      return copy;
    });
}

/** That another sale offers them is found when the draft takes them. */
async function offeredAgain(rows: Rows, { productIds }: SaleRecord): Promise<string[]> {
  const alive = new Set((await rows.products.offered(productIds)).map(({ id }) => id));
  const gone = productIds.filter((id) => !alive.has(id));
  if (gone.length === 0) return productIds;
  const detail = `Deleted since: ${gone.join(', ')}. \`products: "copies"\` makes new ones.`;
  throw new Problem('conflict', detail);
}

async function copiesOf(
  rows: Rows,
  now: number,
  caller: Caller,
  { productIds }: SaleRecord,
): Promise<string[]> {
  const originals = await rows.products.kept(productIds);
  const units = originals.reduce((sum, { counts }) => sum + unitsTotal(counts), 0);
  if (units > unitsInAllMax) {
    const detail = `Its products have ${units} units; one call makes ${unitsInAllMax} at most.`;
    throw new Problem('conflict', detail);
  }
  const copies = originals.map((original) => {
    const { name, description, imageUrl, priceMinor, currency, counts } = original;
    const fields = { name, description, imageUrl, priceMinor, currency };
    return { id: newId('prod', now), copyOf: original.id, fields, stock: unitsTotal(counts) };
  });
  const { imports } = rows;
  await imports.insertProducts(
    copies.map(({ id, fields }) => ({ id, ...fields })),
    now,
  );
  await imports.addUnits(copies.map(({ id, stock }) => ({ id, add: stock, present: 0 })));
  await rows.noteAll(
    copies.map(({ id, copyOf, fields, stock }) => {
      const after = { ...fields, stock };
      const detail = { ...after, copyOf };
      return { ...by(caller), action: 'product.created', productId: id, detail, after };
    }),
  );
  return copies.map(({ id }) => id);
}
