import type { Clock } from '@fairgate/shared/clock.ts';
import type { Store } from './ports.ts';
import { importProducts } from './product-imports.ts';
import { products } from './products.ts';
import type { RoomKeeper } from './room-keeper.ts';
import { copySale } from './sale-copies.ts';

type Parts = { store: Store; keeper: RoomKeeper; clock: Clock };

/** The calls that make products and their units. */
export function stockCalls(parts: Parts) {
  return {
    products: products(parts),
    importProducts: importProducts(parts),
    copySale: copySale(parts),
  };
}
