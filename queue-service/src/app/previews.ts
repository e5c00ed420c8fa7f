import type { Clock } from '@fairgate/shared/clock.ts';
import { newPreviewId, type Preview, previewSeconds } from '@fairgate/shared/preview/preview.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import {
  type AppearanceRecord,
  noAppearance,
  type ProductRecord,
  type SaleRecord,
} from '../domain/records.ts';
import { saleInfo } from '../domain/room-source.ts';
import { by, type Caller } from './caller.ts';
import type { CheckFacts, PreviewBoard } from './check-ports.ts';
import { madeOnce } from './once.ts';
import type { Store } from './ports.ts';
import { existingSale } from './sales.ts';

/** `id`: whoever has it may look; `expiresAt` in ms. */
export type MadePreview = { id: string; url: string; expiresAt: number };

/**
 * Makes a link that shows the page of a sale as it is now, in each of its states; of drafts too.
 * Throws `not-found`, `unavailable` (the rooms' Redis is away).
 */
export type MakePreview = (caller: Caller, saleId: string) => Promise<MadePreview>;

type Parts = {
  store: Store;
  facts: CheckFacts;
  board: PreviewBoard;
  clock: Clock;
  publicOrigin: string;
};

export function makePreviews(parts: Parts): MakePreview {
  const { store, facts, board, clock, publicOrigin } = parts;
  return async (caller, saleId) => {
    const sale = await existingSale(store, saleId);
    const products = await facts.products(sale.productIds);
    const look = (await store.appearances.find(saleId)) ?? noAppearance;
    const made = await madeOnce(parts, caller, async (rows) => {
      const id = newPreviewId();
      const expiresAt = clock.now() + previewSeconds * 1_000;
      // The link itself is a secret: the ledger tells only that there is one.
      const detail = { expiresAt };
      await rows.note({ ...by(caller), action: 'sale.previewed', saleId, detail });
      await board.put(id, previewOf(sale, products, look, expiresAt)).catch((cause: unknown) => {
        throw new Problem('unavailable', 'Redis cannot be reached; try again in a moment.', cause);
      });
      return { id, expiresAt };
    });
    return { ...made, url: `${publicOrigin}/preview/${made.id}` };
  };
}

function previewOf(
  sale: SaleRecord,
  products: ProductRecord[],
  { appearance }: AppearanceRecord,
  expiresAt: number,
): Preview {
  const { admitPerMinute, tokenSeconds, message } = sale.room;
  return {
    info: saleInfo(sale, products),
    free: Object.fromEntries(products.map(({ id, counts }) => [id, counts.free])),
    admitPerMinute,
    tokenSeconds,
    message,
    appearance,
    expiresAt,
  };
}
