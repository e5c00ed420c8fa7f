import type { BuyerKind } from '@fairgate/shared/order.ts';
import type { Language } from '@fairgate/shared/words/languages.ts';

export type Item = { productId: string; quantity: number };

/** What a shopper asks for: each product once, in the order of their ids. */
export type RedemptionRequest = {
  items: Item[];
  email: string | null;
  /** What notices of the order are written in. */
  language: Language | null;
  /** As the body names it, which makes it a part of the wish; null where it names none. */
  languageAsked: string | null;
  /** The products in the order in which they were sent, to name one by its place there. */
  sent: string[];
};

/** Merges items of the same product, so that two spellings of one wish are one request. */
export function redemptionRequest(
  items: readonly Item[],
  contact: { email?: string | undefined; language?: Language; languageAsked?: string | undefined },
): RedemptionRequest {
  const byProduct = new Map<string, number>();
  for (const { productId, quantity } of items) {
    byProduct.set(productId, (byProduct.get(productId) ?? 0) + quantity);
  }
  const merged = [...byProduct].map(([productId, quantity]) => ({ productId, quantity }));
  merged.sort((a, b) => (a.productId < b.productId ? -1 : 1));
  const sent = items.map((item) => item.productId);
  const { email = null, language = null, languageAsked = null } = contact;
  return { items: merged, email, language, languageAsked, sent };
}

/** The canonical text of a request; its hash tells whether a key comes with the same body again. */
export function canonicalRequest(
  request: Pick<RedemptionRequest, 'items' | 'email' | 'languageAsked'>,
): string {
  const { email, languageAsked } = request;
  const items = request.items.map((item) => [item.productId, item.quantity]);
  return JSON.stringify([items, email, ...(languageAsked === null ? [] : [languageAsked])]);
}

/** How many units are asked for in all. */
export function unitsAsked(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + item.quantity, 0);
}

/** One whose units in a sale are counted, and how many there may be in live orders. */
export type Buyer = { kind: BuyerKind; buyer: string; unitsMax: number };

/** Stands for "no limit": counted all the same, so that one that is set later knows them. */
export const unlimitedUnits = 1_000_000_000;

/**
 * For whom the units of a redemption count. A token may always buy what it says. E-mails are
 * counted in lower case, as people type them either way.
 */
export function buyersOf(
  token: { sub: string; max: number; identity?: string | undefined },
  email: string | null,
  sale: { maxUnitsPerShopper: number; unitsPerEmail: number | null },
): Buyer[] {
  const unitsMax = Math.max(token.max, sale.maxUnitsPerShopper);
  const buyers: Buyer[] = [{ kind: 'visitor', buyer: token.sub, unitsMax }];
  if (token.identity !== undefined) {
    buyers.push({ kind: 'identity', buyer: token.identity, unitsMax });
  }
  if (email !== null) {
    const unitsPerEmail = sale.unitsPerEmail ?? unlimitedUnits;
    buyers.push({ kind: 'email', buyer: email.toLowerCase(), unitsMax: unitsPerEmail });
  }
  return buyers;
}

/** `withdrawn`: another sale has it since this one was closed, or its price is in another currency. */
export type ProductStanding = 'offered' | 'deleted' | 'withdrawn';

export type RequestCheck =
  | { kind: 'fine' }
  | { kind: 'quantity-exceeded'; asked: number; max: number }
  | { kind: 'foreign-product'; productId: string }
  | { kind: 'withdrawn' };

/** Quantity first, then whether the products are of the sale (CONTRACT.md section 4). */
export function checkRequest(
  request: RedemptionRequest,
  max: number,
  products: ReadonlyMap<string, ProductStanding>,
): RequestCheck {
  const asked = unitsAsked(request.items);
  if (asked > max) return { kind: 'quantity-exceeded', asked, max };
  const standings = request.items.map((item) => products.get(item.productId) ?? 'deleted');
  const foreign = request.items[standings.indexOf('deleted')];
  if (foreign) return { kind: 'foreign-product', productId: foreign.productId };
  return { kind: standings.includes('withdrawn') ? 'withdrawn' : 'fine' };
}

/** Neighbours in the line begin at different shards (ARCHITECTURE.md D6). */
export function homeShard(number: number, shards: number): number {
  return number % shards;
}
