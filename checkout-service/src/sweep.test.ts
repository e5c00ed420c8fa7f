import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { holdsFor } from '../../e2e/support/wait.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';

/** What CONTRACT.md section 7 promises. */
const freeWithinMs = 3_000;
const holds = 5_000;
let databaseUrl: string;

beforeEach(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
});

/** Unpaid orders with a unit each, as the claim writes them; all run out at the same moment. */
async function hold({ sql, saleId, products }: Rig, payBefore: Date): Promise<void> {
  const [product = ''] = products;
  await sql.begin(async (tx) => {
    await tx`create temporary table held on commit drop as
      select u.id as unit, 'ord_' || substr(u.id, 6) as id, 'jti-' || u.id as jti,
        'v-' || u.id as visitor, row_number() over () as number
      from units u where product_id = ${product}`;
    await tx`insert into redemptions (jti, sale_id, visitor, number, max, kind, order_id)
      select jti, ${saleId}, visitor, number, 1, 'order', id from held`;
    await tx`insert into orders (id, sale_id, jti, visitor, number, total_minor, currency,
        first_pay_before, pay_before)
      select id, ${saleId}, jti, visitor, number, 100, 'EUR', ${payBefore}, ${payBefore} from held`;
    await tx`insert into order_lines (order_id, product_id, quantity, unit_price_minor)
      select id, ${product}, 1, 100 from held`;
    await tx`insert into order_units (order_id, unit_id, product_id)
      select id, unit, ${product} from held`;
    await tx`update units u set state = 'held', order_id = h.id from held h where h.unit = u.id`;
    await tx`insert into buyer_units (sale_id, kind, buyer, units, units_max)
      select ${saleId}, 'visitor', visitor, 1, 1 from held`;
  });
}

/** Ms from the deadline until all is free, with so many instances alive. */
async function timeToFree(instances: number, dead: number): Promise<number> {
  const rig = await makeRig({ databaseUrl, units: [holds], instances });
  onTestFinished(() => rig.close());
  const payBefore = new Date(Date.now() + 8_000);
  await hold(rig, payBefore);
  for (const service of rig.services) service.startLoops();
  for (const service of rig.services.slice(0, dead)) await service.close();
  // What is read when the deadline has passed meanwhile says nothing of the time before.
  let looks = 0;
  await eventually(async () => {
    if (Date.now() < payBefore.getTime() - 2_000) return false;
    const stock = Object.values(await rig.stock());
    if (Date.now() >= payBefore.getTime()) return true;
    expect(stock).toEqual([{ free: 0, held: holds, sold: 0 }]);
    looks += 1;
    return false;
  }, 30);
  expect(looks).toBeGreaterThan(0);
  await eventually(async () => {
    const [left] = await rig.sql`select count(*)::int as n from units where state <> 'free'`;
    return left?.n === 0;
  }, 30);
  const tookMs = Date.now() - payBefore.getTime();
  const [ledgered] = await rig.sql`
    select count(*)::int as n from ledger where action = 'order.expired'`;
  expect(ledgered?.n).toBe(holds);
  return tookMs;
}

it('an order whose end Postgres refuses keeps no other’s units, and is not tried first for ever', async () => {
  const rig = await makeRig({ databaseUrl, units: [40], instances: 2 });
  onTestFinished(() => rig.close());
  await hold(rig, new Date(Date.now() - 1_000));
  const bad = await rig.sql`select id from orders order by id offset 17 limit 2`;
  await rig.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin
      raise exception 'made so'; end $$;
    create trigger refuse before update of state on orders for each row
      when (new.id in ('${bad[0]?.id}', '${bad[1]?.id}')) execute function refuse()`);
  const dueAt = Date.now();
  for (const service of rig.services) service.startLoops();
  const left = async () =>
    (await rig.sql`select id from orders where state = 'awaiting_payment' order by id`).map(
      ({ id }) => id,
    );
  await eventually(async () => (await left()).length <= 2, 30);
  expect(Date.now() - dueAt).toBeLessThan(freeWithinMs);
  expect(await left()).toEqual(bad.map(({ id }) => id));
  const refusals = async () => {
    const { body } = await rig.call('GET', '/metrics');
    return Number(/^fairgate_sweep_refusals_total (\d+)$/m.exec(body)?.[1]);
  };
  await eventually(async () => (await refusals()) === 2, 30);
  await holdsFor(2, async () => expect(await refusals()).toBe(2));
});

describe(`${holds} holds that run out at once`, () => {
  it('are free within 3 s over two instances', async () => {
    const tookMs = await timeToFree(2, 0);
    expect(tookMs).toBeLessThan(freeWithinMs);
  }, 60_000);

  it('are free within 3 s with one of the instances dead', async () => {
    const tookMs = await timeToFree(2, 1);
    expect(tookMs).toBeLessThan(freeWithinMs);
  }, 60_000);
});
