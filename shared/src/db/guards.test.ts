import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { connectDatabase, type DatabaseClient } from './client.ts';
import { migrateDatabase } from './migrate.ts';

let url: string;
let client: DatabaseClient;

beforeAll(async () => {
  url = await freshDatabaseUrl(afterAll);
  await Promise.all([migrateDatabase(url), migrateDatabase(url), migrateDatabase(url)]);
  client = connectDatabase({ url, name: 'test', connectionsMax: 2, statementTimeoutMs: 5_000 });
});
afterAll(() => client.close());

describe('the database itself', () => {
  it('was migrated once by three instances that booted together', async () => {
    const [row] = await client.sql`select count(*)::int as n from drizzle.__drizzle_migrations`;
    expect(row?.n).toBeGreaterThan(0);
    await migrateDatabase(url);
    const [again] = await client.sql`select count(*)::int as n from drizzle.__drizzle_migrations`;
    expect(again?.n).toBe(row?.n);
  });

  it('never lets a line of the ledger be changed, deleted or cut off', async () => {
    await client.sql`insert into ledger (actor, action) values ('system:test', 'test')`;
    const refused = /append-only/;
    await expect(client.sql`update ledger set actor = 'x'`).rejects.toThrow(refused);
    await expect(client.sql`delete from ledger`).rejects.toThrow(refused);
    await expect(client.sql`truncate ledger`).rejects.toThrow(refused);
    // Nor as a replica would, whose ordinary triggers are off.
    const asReplica = client.sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from ledger`;
    });
    await expect(asReplica).rejects.toThrow(refused);
  });

  it('never lets two live orders have one unit', async () => {
    const give = (order: string, live: boolean) => client.sql`
      insert into order_units (order_id, unit_id, product_id, live)
      values (${order}, 'unit_1', 'prod_1', ${live})`;
    await give('ord_1', true);
    await expect(give('ord_2', true)).rejects.toThrow(/order_units_live/);
    await client.sql`update order_units set live = false where order_id = 'ord_1'`;
    await give('ord_2', true);
    await expect(
      client.sql`update order_units set live = true where order_id = 'ord_1'`,
    ).rejects.toThrow(/order_units_live/);
  });

  it('never lets a token be redeemed twice, nor a product be in two live sales', async () => {
    const redeem = () => client.sql`
      insert into redemptions (jti, sale_id, visitor, number, max, kind)
      values ('jti_1', 'sale_1', 'v', 1, 1, 'order')`;
    await redeem();
    await expect(redeem()).rejects.toThrow(/redemptions_pkey/);
    const offer = (sale: string) => client.sql`
      insert into sale_products (sale_id, product_id, position) values (${sale}, 'prod_1', 0)`;
    await offer('sale_1');
    await expect(offer('sale_2')).rejects.toThrow(/sale_products_live/);
  });

  it('knows a unit as free exactly when no order owns it', async () => {
    const unit = (id: string, state: string, order: string | null) => client.sql`
      insert into units (id, product_id, shard, state, order_id)
      values (${id}, 'prod_1', 0, ${state}, ${order})`;
    await expect(unit('u1', 'held', null)).rejects.toThrow(/units_owner/);
    await expect(unit('u2', 'free', 'ord_1')).rejects.toThrow(/units_owner/);
    await expect(unit('u3', 'lost', 'ord_1')).rejects.toThrow(/units_state/);
    await unit('u4', 'free', null);
  });
});
