import type { Sql } from 'postgres';
import { z } from 'zod';

// A recount of a sale that reads the ledger alone, with no code of the services.

const itemSchema = z.object({
  productId: z.string(),
  quantity: z.int(),
  unitPriceMinor: z.int(),
});
const lineSchema = z.object({
  id: z.coerce.number(),
  at: z.date(),
  action: z.string(),
  product_id: z.string().nullable(),
  order_id: z.string().nullable(),
  unit_ids: z.array(z.string()).nullable(),
  detail: z.object({
    items: z.array(itemSchema).optional(),
    productIds: z.array(z.string()).optional(),
    stock: z.int().optional(),
    add: z.int().optional(),
    boughtAgain: z.boolean().optional(),
  }),
});
type Line = z.infer<typeof lineSchema>;
type Item = z.infer<typeof itemSchema>;

export type CountedProduct = {
  total: number;
  free: number;
  held: number;
  sold: number;
  revenueMinor: number;
  refundedMinor: number;
};
export type Recount = {
  /** The last line that was read. */
  lastId: number;
  products: Record<string, CountedProduct>;
  orders: Record<'paid' | 'awaitingPayment' | 'expired' | 'cancelled' | 'refunded', number>;
  /** Orders that were ever placed, and those that late money bought again. */
  placed: number;
  boughtAgain: number;
  /** Units that two live orders have at the end; there is no such thing. */
  doubly: string[];
};

/** Reads the ledger in one statement, and counts in JavaScript. */
export async function recountLedger(sql: Sql, saleId: string): Promise<Recount> {
  const rows = await sql`
    select id, at, action, product_id, order_id, unit_ids, detail from ledger
    where sale_id = ${saleId} or (sale_id is null and product_id is not null) order by id`;
  return recount(z.array(lineSchema).parse([...rows]));
}

const states = {
  'order.placed': 'awaitingPayment',
  'order.paid': 'paid',
  'order.expired': 'expired',
  'order.cancelled': 'cancelled',
  'order.refunded': 'refunded',
} as const;
type State = (typeof states)[keyof typeof states];
const stateAfter = (action: string): State | undefined =>
  Object.entries(states).find(([name]) => name === action)?.[1];

type CountedOrder = { state: State; items: Item[]; unitIds: string[] };

function recount(lines: Line[]): Recount {
  const orders = ordersOf(lines);
  const products: Record<string, CountedProduct> = {};
  const created = lines.find(({ action }) => action === 'sale.created');
  for (const id of created?.detail.productIds ?? []) {
    products[id] = countProduct(id, lines, [...orders.values()]);
  }
  const inState = (state: State) => [...orders.values()].filter((it) => it.state === state).length;
  return {
    lastId: lines.at(-1)?.id ?? 0,
    products,
    orders: {
      paid: inState('paid'),
      awaitingPayment: inState('awaitingPayment'),
      expired: inState('expired'),
      cancelled: inState('cancelled'),
      refunded: inState('refunded'),
    },
    placed: lines.filter(({ action }) => action === 'order.placed').length,
    boughtAgain: lines.filter(({ detail }) => detail.boughtAgain).length,
    doubly: unitsHeldTwice([...orders.values()]),
  };
}

function ordersOf(lines: Line[]): Map<string, CountedOrder> {
  const orders = new Map<string, CountedOrder>();
  for (const { action, order_id: id, unit_ids: unitIds, detail } of lines) {
    const state = stateAfter(action);
    if (id === null || state === undefined) continue;
    const known = orders.get(id);
    const items = known?.items ?? detail.items;
    if (items === undefined) throw new Error(`no line of the ledger says what ${id} is`);
    if ((known === undefined) !== (action === 'order.placed')) {
      throw new Error(`${action} of ${id} does not follow what was before it`);
    }
    orders.set(id, { state, items, unitIds: unitIds ?? [] });
  }
  return orders;
}

function countProduct(id: string, lines: Line[], orders: CountedOrder[]): CountedProduct {
  const added = lines.filter(({ product_id }) => product_id === id);
  const total = added.reduce((sum, { detail }) => sum + (detail.stock ?? 0) + (detail.add ?? 0), 0);
  const sum = (state: State, figure: (item: Item) => number) =>
    orders
      .filter((order) => order.state === state)
      .flatMap(({ items }) => items.filter(({ productId }) => productId === id))
      .reduce((all, item) => all + figure(item), 0);
  const units = (state: State) => sum(state, ({ quantity }) => quantity);
  const money = (state: State) =>
    sum(state, ({ quantity, unitPriceMinor }) => quantity * unitPriceMinor);
  const [held, sold] = [units('awaitingPayment'), units('paid')];
  return {
    total,
    free: total - held - sold,
    held,
    sold,
    revenueMinor: money('paid'),
    refundedMinor: money('refunded'),
  };
}

function unitsHeldTwice(orders: CountedOrder[]): string[] {
  const live = orders.filter(({ state }) => state === 'paid' || state === 'awaitingPayment');
  const seen = new Set<string>();
  return live.flatMap(({ unitIds }) => unitIds).filter((unit) => seen.size === seen.add(unit).size);
}
