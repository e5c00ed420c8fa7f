import { expect, it } from 'vitest';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

/** FAIRGATE_TEST_ORDERS makes it more: docs/summary.md has the figures of 100,000. */
const size = Number(process.env.FAIRGATE_TEST_ORDERS ?? 20_000);
const secondsMax = Math.max(3, size / 10_000);

type Offer = { saleId: string; productId: string };

/** Of ten orders seven are paid, one is expired, one cancelled, and one was paid and refunded. */
async function manyOrders(sql: Service['database']['sql'], { saleId, productId }: Offer) {
  const end = "case when n % 10 = 7 then 'expired' when n % 10 = 8 then 'cancelled'";
  const of = `from generate_series(1, ${size}) n`;
  const item = `jsonb_build_object('productId', '${productId}', 'quantity', 1, 'unitPriceMinor', 1250)`;
  const line = (ms: number, action: string, detail: string) => `
    insert into ledger (at, actor, action, sale_id, order_id, unit_ids, detail)
    select now() + n * interval '${ms} ms', 'test', ${action}, '${saleId}', 'ord_' || n,
      array['unit_' || n], ${detail} ${of}`;
  await sql.unsafe(`
    insert into units (id, product_id, shard, state, order_id)
    select 'unit_' || n, '${productId}', n % 16, case when n % 10 < 7 then 'sold' else 'free' end,
      case when n % 10 < 7 then 'ord_' || n end ${of};
    insert into orders (id, sale_id, jti, visitor, number, state, total_minor, currency,
      first_pay_before, pay_before)
    select 'ord_' || n, '${saleId}', 'jti_' || n, 'v' || n, n, case when n % 10 < 7 then 'paid'
      else ${end} else 'refunded' end end, 1250, 'EUR', now(), now() ${of};
    insert into redemptions (jti, sale_id, visitor, number, max, kind, order_id)
    select 'jti_' || n, '${saleId}', 'v' || n, n, 1, 'order', 'ord_' || n ${of};
    insert into order_lines select 'ord_' || n, '${productId}', 1, 1250 ${of};
    insert into order_units select 'ord_' || n, 'unit_' || n, '${productId}', n % 10 < 7 ${of};
    ${line(10, "'order.placed'", `jsonb_build_object('items', jsonb_build_array(${item}))`)};
    ${line(11, `'order.' || ${end} else 'paid' end`, "'{}'")};
    ${line(12, "'order.refunded'", "'{}'")} where n % 10 = 9;
    analyze`);
}

it('the summary of a large sale is told in seconds, with a recount of its ledger', async () => {
  const service = await testService();
  const published = { startsAt: iso(startMs), publish: true };
  const offer = await aSale(service, published, { stock: 1 });
  await manyOrders(service.database.sql, offer);
  const startedMs = performance.now();
  const { body } = await service.call('GET', `/v1/sales/${offer.saleId}/summary`);
  const tookMs = performance.now() - startedMs;
  const { differences } = body.reconciliation as { differences: string[] };
  expect(differences.filter((text) => !text.includes('Redis'))).toEqual([]);
  const tenth = size / 10;
  expect(body.totals).toMatchObject({
    total: size + 1,
    sold: 7 * tenth,
    revenueMinor: 7 * tenth * 1_250,
    refundedMinor: tenth * 1_250,
  });
  expect(body.sellThrough).toHaveLength(200);
  expect(tookMs, `ms for the summary of ${size} orders`).toBeLessThan(secondsMax * 1_000);
}, 120_000);
