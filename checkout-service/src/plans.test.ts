import postgres from 'postgres';
import { afterAll, expect, it } from 'vitest';
import { mapBounded } from '../../e2e/support/http.ts';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { makeRig } from './testing/checkout-rig.ts';
import { cards, placeOrder } from './testing/payment-rig.ts';
import { makeSandbox } from './testing/sandbox-rig.ts';

// A sale fills its tables within seconds, long before Postgres counts them again.
it('reads no table whole that was empty when its statements were planned', async () => {
  const orders = 400;
  const databaseUrl = await freshDatabaseUrl(afterAll);
  const sandbox = await makeSandbox(async () => new Response());
  const rig = await makeRig({
    databaseUrl,
    redisUrl: await freshRedisUrl(afterAll),
    loops: true,
    units: [orders],
    instances: 2,
    providers: [sandbox.provider],
  });
  const sql = postgres(databaseUrl, { max: 1 });
  const readWhole = async () => {
    const rows = await sql`
      select relname as name, seq_tup_read::int as rows from pg_stat_user_tables`;
    return new Map(rows.map(({ name, rows }) => [`${name}`, Number(rows)]));
  };
  try {
    await rig.sql`analyze`;
    const before = await readWhole();
    await mapBounded(Array.from({ length: orders }), 40, async (_, i) => {
      const order = await placeOrder(rig);
      if (i % 2 === 0) expect((await order.cancel()).status).toBe(200);
      else expect((await order.pay(cards.pays)).status).toBe(202);
    });
    // A session tells what it read when it ends.
    await rig.close();
    const after = await readWhole();
    // Whoever reads one of these once for each order reads 80,000 rows.
    const tables = ['redemptions', 'orders', 'order_lines', 'order_units', 'units', 'buyer_units'];
    const read = [...tables, 'payments', 'ledger', 'outbox'].map((name) => [
      name,
      (after.get(name) ?? Number.NaN) - (before.get(name) ?? Number.NaN),
    ]);
    expect(read.filter(([, rows]) => !(Number(rows) < 5_000))).toEqual([]);
  } finally {
    await rig.close();
    await sandbox.close();
    await sql.end();
  }
}, 60_000);
