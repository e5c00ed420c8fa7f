import { confirmThat } from '../parts/confirm.tsx';
import { money } from '../parts/words.ts';
import { get } from './client.ts';
import { changedText } from './differences.ts';
import type { Product } from './shapes.ts';

/**
 * The version of a product that is changed as it was looked at; lists bring none. Where somebody
 * changed it since, says what, and asks; null where it is then left. `what` ends the question:
 * `Save it`. Throws ApiProblems.
 */
export async function seenVersion(product: Product, what: string): Promise<string | null> {
  const fresh = await get<Product>(`/v1/products/${product.id}`);
  const changed = changedText(asWritten(product), asWritten(fresh.data));
  const isSame = fresh.data.updatedAt === product.updatedAt;
  if (isSame || (await goesOn('product', changed, what))) return fresh.etag;
  return null;
}

/** What admins write; how much of it is sold changes by itself. */
function asWritten({ name, description, imageUrl, priceMinor, currency, stock }: Product) {
  return { name, description, image: imageUrl, price: money(priceMinor, currency), units: stock };
}

/** Asks whether to overwrite what somebody else changed. */
export function goesOn(
  kind: 'sale' | 'product' | 'look' | 'webhook',
  changed: string,
  what: string,
): Promise<boolean> {
  return confirmThat({
    title: `Somebody else changed this ${kind} meanwhile`,
    text: `They changed: ${changed || 'something that is not shown here'}. ${what} all the same?`,
    action: 'Go on',
  });
}
