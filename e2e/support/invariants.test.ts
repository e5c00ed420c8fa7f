import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import postgres, { type Sql } from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { unitsAddUp } from './invariants.ts';
import { freshDatabaseUrl } from './stores.ts';

// The checker of every stack test has to find what it is there to find.

/** Four units: one free, one held, two sold in one order of two. */
async function goodSale(): Promise<Sql> {
  const url = await freshDatabaseUrl();
  await migrateDatabase(url);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 1 }));
  await sql`insert into sale_products (sale_id, product_id, position) values ('sale_1', 'prod_1', 0)`;
  for (const [id, state] of [
    ['ord_held', 'awaiting_payment'],
    ['ord_paid', 'paid'],
  ] as const) {
    await sql`insert into orders
      (id, sale_id, jti, visitor, number, state, total_minor, currency, first_pay_before, pay_before)
      values (${id}, 'sale_1', ${`jti ${id}`}, 'v', 1, ${state}, 1, 'EUR', now(), now())`;
  }
  await sql`insert into units (id, product_id, shard, state, order_id) values
    ('u1', 'prod_1', 0, 'free', null), ('u2', 'prod_1', 0, 'held', 'ord_held'),
    ('u3', 'prod_1', 0, 'sold', 'ord_paid'), ('u4', 'prod_1', 0, 'sold', 'ord_paid')`;
  await sql`insert into order_units (order_id, unit_id, product_id) values
    ('ord_held', 'u2', 'prod_1'), ('ord_paid', 'u3', 'prod_1'), ('ord_paid', 'u4', 'prod_1')`;
  await sql`insert into order_lines (order_id, product_id, quantity, unit_price_minor) values
    ('ord_held', 'prod_1', 1, 1), ('ord_paid', 'prod_1', 2, 1)`;
  return sql;
}

test('a sale that adds up passes', async () => {
  const sql = await goodSale();
  const expected = { total: 4, free: 1, held: 1, sold: 2, orders: 2, awaiting: 1, paid: 1 };
  expect(await unitsAddUp(sql, 'sale_1', 4)).toEqual(expected);
});

test.each([
  ['a lost unit', `delete from units where id = 'u1'`, /3 units instead of 4/],
  [
    'a unit in two live orders',
    `insert into order_units (order_id, unit_id, product_id, live)
     values ('ord_held', 'u3', 'prod_1', false)`,
    /1 units in two live orders/,
  ],
  [
    'a paid order whose unit went back',
    `update units set state = 'free', order_id = null where id = 'u3'`,
    /1 units of a paid order that are not sold to it; 1 live orders with more or fewer units/,
  ],
  [
    'a hold whose order ran out',
    `update orders set state = 'expired' where id = 'ord_held'`,
    /1 held units without an order that awaits payment/,
  ],
  [
    'a sold unit whose order was never paid',
    `update orders set state = 'awaiting_payment' where id = 'ord_paid'`,
    /2 sold units without a paid order/,
  ],
  [
    'an order with too few units',
    `update order_lines set quantity = 2 where order_id = 'ord_held'`,
    /1 live orders with more or fewer units than ordered/,
  ],
])('%s is found', async (_name, statement, message) => {
  const sql = await goodSale();
  await sql.unsafe(statement);
  await expect(unitsAddUp(sql, 'sale_1', 4)).rejects.toThrow(message);
});
