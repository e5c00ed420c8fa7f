import type { CheckedSale, Finding } from './checks.ts';
import type { ProductRecord } from './records.ts';
import { countWords, durationWords, moneyWords, numberWords } from './words.ts';

/** A price so many times above or below the others is more likely a slip of two decimals. */
const priceFactor = 50;
/** Stock that is gone in so short a time is far below what the rate lets in. */
const goneSeconds = 15;
/** Names in one sentence. */
const namesMax = 3;

type Stocked = Pick<CheckedSale, 'sale' | 'products'>;

/** Products, their units and their prices. */
export function stockFindings(checked: Stocked): Finding[] {
  const { sale, products } = checked;
  if (sale.phase === 'closed') return [];
  const deleted = deletedProducts(sale.productIds, products);
  if (products.length === 0) return deleted;
  // While a sale runs its stock goes, as it should.
  const isRunning = sale.phase === 'open' || sale.phase === 'paused';
  const units = isRunning ? [] : stock(checked);
  return [...deleted, ...units, ...prices(checked), ...descriptions(checked)];
}

/** What publishing is refused for: there is nothing that could be sold. */
export function deletedProducts(
  productIds: readonly string[],
  products: readonly { id: string }[],
): Finding[] {
  const there = new Set(products.map(({ id }) => id));
  const gone = productIds.filter((id) => !there.has(id));
  if (gone.length === 0) return [];
  const todo = 'Set productIds to products that there are.';
  if (there.size === 0) {
    const message = 'Every product of the sale was deleted: there is nothing to sell.';
    return [{ code: 'products-deleted', severity: 'error', path: 'productIds', message, todo }];
  }
  return gone.map((id) => ({
    code: 'product-deleted',
    severity: 'warning',
    path: `productIds.${productIds.indexOf(id)}`,
    message: `The product ${id} was deleted, and is not sold.`,
    todo,
  }));
}

const pathOf = ({ sale }: Stocked, { id }: ProductRecord) =>
  `productIds.${sale.productIds.indexOf(id)}`;

function stock(checked: Stocked): Finding[] {
  const { products } = checked;
  const free = products.reduce((sum, { counts }) => sum + counts.free, 0);
  if (free === 0) {
    return [
      {
        code: 'stock-none',
        severity: 'warning',
        path: 'productIds',
        message: `No unit of the ${countWords(products.length, 'product')} is free: nobody can buy anything.`,
        todo: 'Add stock (POST /v1/products/{id}/stock).',
      },
    ];
  }
  const empty = products.filter(({ counts }) => counts.free === 0);
  const without = empty.map(
    (product): Finding => ({
      code: 'product-without-stock',
      severity: 'warning',
      path: pathOf(checked, product),
      message: `${product.name} has no free unit, and is shown as sold out.`,
      todo: 'Add stock, or take the product out of the sale.',
    }),
  );
  return [...without, ...fewUnits(checked, free)];
}

function fewUnits({ sale }: Stocked, free: number): Finding[] {
  const { maxUnitsPerShopper, admitPerMinute, guaranteeStock } = sale.room;
  const found: Finding[] = [];
  if (free < maxUnitsPerShopper) {
    found.push({
      code: 'stock-below-limit',
      severity: 'warning',
      path: 'room.maxUnitsPerShopper',
      message: `A shopper may buy ${countWords(maxUnitsPerShopper, 'unit')}, and there are but ${numberWords(free)}: the first may take all.`,
      todo: `Set maxUnitsPerShopper to ${numberWords(free)} or less, or add stock.`,
    });
  }
  const seconds = (free / Math.max(1, admitPerMinute)) * 60;
  if (admitPerMinute > 0 && seconds < goneSeconds) {
    found.push({
      code: 'stock-far-below-rate',
      severity: guaranteeStock ? 'info' : 'warning',
      path: 'room.admitPerMinute',
      message:
        `${countWords(free, 'unit')} for ${countWords(admitPerMinute, 'person', 'people')} a minute: all are promised ` +
        `${durationWords(seconds)} after the start, and ${
          guaranteeStock
            ? 'whoever is behind waits for what comes back.'
            : 'whoever is let in after that finds nothing, for guaranteeStock is off.'
        }`,
      todo: 'Set a lower admitPerMinute, if people are to see the line move.',
    });
  }
  return found;
}

function prices(checked: Stocked): Finding[] {
  return checked.products.flatMap((product) => {
    const path = pathOf(checked, product);
    const price = moneyWords(product.priceMinor, product.currency);
    if (product.priceMinor === 0) {
      const message = `${product.name} costs ${price}: it is given away.`;
      const todo = 'Set priceMinor (in minor units), unless it is meant as a gift.';
      return [{ code: 'price-zero', severity: 'warning', path, message, todo } satisfies Finding];
    }
    const usual = medianOfOthers(checked.products, product);
    if (usual === null) return [];
    const isLow = product.priceMinor * priceFactor <= usual;
    const isHigh = product.priceMinor >= usual * priceFactor;
    if (!isLow && !isHigh) return [];
    const times = isLow ? usual / product.priceMinor : product.priceMinor / usual;
    const finding: Finding = {
      code: isLow ? 'price-low' : 'price-high',
      severity: 'warning',
      path,
      message: `${product.name} costs ${price}, ${numberWords(times)} times ${isLow ? 'less' : 'more'} than the sale's other products (${moneyWords(usual, product.currency)}).`,
      todo: 'Look whether priceMinor is in minor units, such as cents.',
    };
    return [finding];
  });
}

/** The middle price of the others that cost something; null where there are none. */
function medianOfOthers(products: readonly ProductRecord[], own: ProductRecord): number | null {
  const others = products.filter(({ id, priceMinor }) => id !== own.id && priceMinor > 0);
  const sorted = others.map(({ priceMinor }) => priceMinor).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function descriptions({ products }: Stocked): Finding[] {
  const plain = (code: string, what: string, lacks: ProductRecord[]): Finding[] =>
    lacks.length === 0
      ? []
      : [
          {
            code,
            severity: 'info',
            path: 'productIds',
            message: `${countWords(lacks.length, 'product')} without ${what}: ${names(lacks)}.`,
            todo: `Add ${what}, so that shoppers see what they wait for.`,
          },
        ];
  const noImage = products.filter(({ imageUrl }) => imageUrl === null);
  const noText = products.filter(({ description }) => description.trim() === '');
  return [
    ...plain('products-without-image', 'an image', noImage),
    ...plain('products-without-description', 'a description', noText),
  ];
}

function names(products: readonly ProductRecord[]): string {
  const shown = products.slice(0, namesMax).map(({ name }) => name);
  const more = products.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${numberWords(more)} more` : ''}`;
}
