import postgres from 'postgres';
import { afterAll, expect, it } from 'vitest';
import { mapBounded } from '../../e2e/support/http.ts';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { makeRig } from './testing/checkout-rig.ts';
import { cards, placeOrder } from './testing/payment-rig.ts';
import { makeSandbox } from './testing/sandbox-rig.ts';

// A sale fills its tables within seconds, long before Postgres counts them again.
it('finds what belongs to one order by itself, in tables that were empty a moment ago', async () => {
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
  const rowsRead = async () => {
    const rows = await sql`
      select t.relname as name, t.seq_tup_read::int + coalesce(sum(i.idx_tup_read), 0)::int as rows
      from pg_stat_user_tables t left join pg_stat_user_indexes i using (relid)
      group by t.relid, t.relname, t.seq_tup_read`;
    return new Map(rows.map(({ name, rows }) => [`${name}`, Number(rows)]));
  };
  try {
    await rig.sql`analyze`;
    const before = await rowsRead();
    await mapBounded(Array.from({ length: orders }), 40, async (_, i) => {
      const order = await placeOrder(rig);
      if (i % 2 === 0) expect((await order.cancel()).status).toBe(200);
      else expect((await order.pay(cards.pays)).status).toBe(202);
    });
    // A session tells what it read when it ends.
    await rig.close();
    const after = await rowsRead();
    const read = [...before].map(([name, rows]): [string, number] => [
      name,
      ((after.get(name) ?? Number.NaN) - rows) / orders,
    ]);
    // Whoever reads a table once for each order reads half of the orders each time.
    const most = orders / 4;
    expect(read.filter(([, perOrder]) => !(perOrder < most))).toEqual([]);
  } finally {
    await rig.close();
    await sandbox.close();
    await sql.end();
  }
}, 60_000);
