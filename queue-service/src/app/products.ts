import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { ProductRecord } from '../domain/records.ts';
import { unitsTotal } from '../domain/records.ts';
import { by, type Caller } from './caller.ts';
import { differenceOf } from './changes.ts';
import { madeOnce } from './once.ts';
import type { Changes, PageOf, ProductFields, Rows, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { RoomKeeper } from './room-keeper.ts';

export type Products = {
  create(caller: Caller, fields: ProductFields & { stock: number }): Promise<ProductRecord>;
  get(id: string): Promise<ProductRecord>;
  page(page: PageOf): Promise<ProductRecord[]>;
  patch(
    caller: Caller,
    id: string,
    fields: Changes<ProductFields>,
    expected: Precondition,
  ): Promise<ProductRecord>;
  remove(caller: Caller, id: string, expected: Precondition): Promise<void>;
  addStock(caller: Caller, id: string, add: number, expected: Precondition): Promise<ProductRecord>;
};

type Worked = 'changed' | 'unchanged';

type Parts = { store: Store; keeper: RoomKeeper; clock: Clock };

/** Products and their units. Throws Problems: `not-found`, `conflict`. */
export function products({ store, keeper, clock }: Parts): Products {
  /** A change of a product in a live sale is a change of that sale: its shoppers see it. */
  const change = async (
    caller: Caller,
    id: string,
    expected: Precondition,
    work: (rows: Rows, product: ProductRecord, saleId: string | null) => Promise<Worked>,
  ): Promise<ProductRecord> => {
    const { product, saleId } = await madeOnce({ store, clock }, caller, async (rows) => {
      const before = await existing(rows, id, 'update');
      requireVersion(expected, before.version);
      const live = await rows.products.liveSaleId(id);
      const worked = await work(rows, before, live);
      if (worked === 'unchanged') return { product: before, saleId: live };
      if (live !== null) await rows.sales.update(live, {}, clock.now());
      return { product: await existing(rows, id), saleId: live };
    });
    if (saleId !== null) await keeper.tryPush(saleId);
    return product;
  };
  return {
    async create(caller, { stock, ...fields }) {
      const id = newId('prod', clock.now());
      return await madeOnce({ store, clock }, caller, async (rows) => {
        await rows.products.insert({ id, now: clock.now(), ...fields });
        await rows.products.addUnits(id, stock, 0);
        const detail = { ...fields, stock };
        await rows.note({
          ...by(caller),
          action: 'product.created',
          productId: id,
          detail,
          after: detail,
        });
        return await existing(rows, id);
      });
    },
    get: (id) => existing(store, id),
    page: (page) => store.products.page(page),
    patch: (caller, id, fields, expected) =>
      change(caller, id, expected, async (rows, before, saleId) => {
        if (fields.currency !== undefined && fields.currency !== before.currency && saleId) {
          throw new Problem('conflict', `The currency is that of ${saleId}, which is not closed.`);
        }
        const difference = differenceOf(before, fields);
        if (difference === null) return 'unchanged';
        await rows.products.update(id, fields, clock.now());
        const entry = { action: 'product.changed', productId: id, detail: { ...fields } };
        await rows.note({ ...by(caller), ...entry, ...difference, ...(saleId ? { saleId } : {}) });
        return 'changed';
      }),
    async remove(caller, id, expected) {
      await store.transaction(async (rows) => {
        const before = await existing(rows, id, 'update');
        requireVersion(expected, before.version);
        const saleId = await rows.products.liveSaleId(id);
        if (saleId !== null) {
          throw new Problem('conflict', `It is offered in ${saleId}, which is not closed.`);
        }
        if (before.counts.held > 0) {
          throw new Problem('conflict', 'An unpaid order holds units of it: wait until it ends.');
        }
        await rows.products.remove(id, clock.now());
        const { name, priceMinor, currency, counts } = before;
        const deleted = { name, priceMinor, currency, ...counts };
        const entry = { action: 'product.deleted', productId: id, before: deleted };
        await rows.note({ ...by(caller), ...entry });
      });
    },
    addStock: (caller, id, add, expected) =>
      change(caller, id, expected, async (rows, before, saleId) => {
        const present = unitsTotal(before.counts);
        await rows.products.addUnits(id, add, present);
        await rows.products.update(id, {}, clock.now());
        const detail = { add, total: present + add };
        const difference = { before: { stock: present }, after: { stock: present + add } };
        const entry = { action: 'stock.added', productId: id, detail, ...difference };
        await rows.note({ ...by(caller), ...entry, ...(saleId ? { saleId } : {}) });
        return 'changed';
      }),
  };
}

async function existing(rows: Rows, id: string, lock?: 'update'): Promise<ProductRecord> {
  const product = await rows.products.find(id, lock);
  if (product === null) throw new Problem('not-found', 'There is no such product.');
  return product;
}
