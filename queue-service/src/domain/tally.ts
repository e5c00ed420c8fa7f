import { type OrderState, orderStates } from '@fairgate/shared/order.ts';

/** Units and money (minor units) of the orders that are in one state. */
export type Amount = { units: number; minor: number };
/** Orders of one sale: how many are in each state, and what they are of each product. */
export type Tally = {
  orders: Record<OrderState, number>;
  products: Map<string, Record<OrderState, Amount>>;
};

/** A line of a tally as a query gives it: the orders of a state, or what they are of a product. */
export type StateCount = { state: OrderState; orders: number };
export type ProductAmount = Amount & { productId: string; state: OrderState };

export function tallyOf(counts: readonly StateCount[], amounts: readonly ProductAmount[]): Tally {
  const tally: Tally = { orders: byState(() => 0), products: new Map() };
  for (const { state, orders } of counts) tally.orders[state] = orders;
  for (const { productId, state, units, minor } of amounts) {
    const known = tally.products.get(productId) ?? noAmounts();
    known[state] = { units, minor };
    tally.products.set(productId, known);
  }
  return tally;
}

export function amountOf({ products }: Tally, productId: string, state: OrderState): Amount {
  return products.get(productId)?.[state] ?? { units: 0, minor: 0 };
}

function noAmounts(): Record<OrderState, Amount> {
  return byState(() => ({ units: 0, minor: 0 }));
}

function byState<T>(of: () => T): Record<OrderState, T> {
  return {
    awaiting_payment: of(),
    paid: of(),
    expired: of(),
    cancelled: of(),
    refunded: of(),
  };
}

/** Units that stand in the stock as held or sold by live orders of the sale, by product. */
export type UnitsOfOrders = Map<string, { held: number; sold: number }>;

/** The three books of a sale in Postgres, of one instant. */
export type Books = { tables: Tally; ledger: Tally; units: UnitsOfOrders };

/** Where the books differ, in sentences; `nameOf` names a product. */
export function bookDifferences(books: Books, nameOf: (productId: string) => string): string[] {
  return [
    ...orderDifferences(books),
    ...productIdsOf(books).flatMap((id) => [
      ...amountDifferences(books, id, nameOf(id)),
      ...unitDifferences(books, id, nameOf(id)),
    ]),
  ];
}

const words: Record<OrderState, string> = {
  awaiting_payment: 'awaiting payment',
  paid: 'paid',
  expired: 'expired',
  cancelled: 'cancelled',
  refunded: 'refunded',
};

function orderDifferences({ tables, ledger }: Books): string[] {
  return orderStates
    .filter((state) => tables.orders[state] !== ledger.orders[state])
    .map((state) => {
      const [told, kept] = [ledger.orders[state], tables.orders[state]];
      return `Orders ${words[state]}: ${told} by the ledger, ${kept} in the table of orders.`;
    });
}

function amountDifferences({ tables, ledger }: Books, id: string, name: string): string[] {
  return orderStates.flatMap((state) => {
    const [told, kept] = [amountOf(ledger, id, state), amountOf(tables, id, state)];
    if (told.units === kept.units && told.minor === kept.minor) return [];
    const figures = ({ units, minor }: Amount) =>
      `${units} units for ${minor} minor units of money`;
    return [
      `${name}, orders ${words[state]}: ${figures(told)} by the ledger, ${figures(kept)} ` +
        `in the table of orders.`,
    ];
  });
}

function unitDifferences({ tables, units }: Books, id: string, name: string): string[] {
  const stock = units.get(id) ?? { held: 0, sold: 0 };
  const held = amountOf(tables, id, 'awaiting_payment').units;
  const sold = amountOf(tables, id, 'paid').units;
  if (stock.held === held && stock.sold === sold) return [];
  return [
    `${name}: the stock has ${stock.held} units held and ${stock.sold} sold for orders of this ` +
      `sale, the orders have ${held} and ${sold}.`,
  ];
}

function productIdsOf({ tables, ledger, units }: Books): string[] {
  return [...new Set([tables.products, ledger.products, units].flatMap((map) => [...map.keys()]))];
}
