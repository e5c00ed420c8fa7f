import { describe, expect, it } from 'vitest';
import { csv, summaryCsv } from './csv.ts';
import { roomDifferences, stockFrom } from './room-differences.ts';
import { sellThrough, slotsMax } from './sell-through.ts';
import { waitsFrom } from './summary.ts';
import { bookDifferences, tallyOf } from './tally.ts';

describe('waits', () => {
  const bucketOf = (seconds: number) => Math.floor(Math.log(1 + seconds) / Math.log(1.15));
  const histogram = (waits: number[]) => {
    const counts: Record<string, number> = {};
    for (const wait of waits) counts[bucketOf(wait)] = (counts[bucketOf(wait)] ?? 0) + 1;
    return counts;
  };

  it('are null before anybody was let in', () => {
    expect(waitsFrom({})).toEqual({ p50Seconds: null, p95Seconds: null, histogram: [] });
  });

  it('are within 15 % of the true percentiles', () => {
    const waits = Array.from({ length: 1_000 }, (_, i) => i + 1);
    const { p50Seconds, p95Seconds } = waitsFrom(histogram(waits));
    expect(Math.abs((p50Seconds ?? 0) - 500)).toBeLessThan(75);
    expect(Math.abs((p95Seconds ?? 0) - 950)).toBeLessThan(143);
  });

  it('of people let in at once are zero', () => {
    const histogram = [{ fromSeconds: 0, count: 40 }];
    expect(waitsFrom({ '0': 40 })).toEqual({ p50Seconds: 0, p95Seconds: 0, histogram });
  });

  it('are ordered by bucket as a number, not as a text', () => {
    const { p50Seconds, p95Seconds } = waitsFrom({ '2': 50, '10': 50 });
    expect(p50Seconds).toBeLessThan(p95Seconds ?? 0);
  });

  it('are a histogram by whole seconds, in which nobody is lost', () => {
    const { histogram } = waitsFrom({ '0': 1, '3': 2, '5': 4, '8': 8, '30': 16 });
    expect(histogram).toEqual([
      { fromSeconds: 0, count: 3 },
      { fromSeconds: 1, count: 4 },
      { fromSeconds: 2, count: 8 },
      { fromSeconds: 65, count: 16 },
    ]);
  });
});

it('Redis and Postgres agree where every product, the redemptions and the holds do, and else words say how', () => {
  const stock = stockFrom({
    prod_a: '3:1:2',
    prod_b: '0:0:9',
    version: '7',
    free: '3',
    total: '15',
  });
  expect([...stock.keys()]).toEqual(['prod_a', 'prod_b']);
  const postgres = { stock, redeemed: 3, holding: 1 };
  const found = (redis: Partial<typeof postgres>) =>
    roomDifferences({ ...postgres, ...redis }, postgres, (id) => `Pen (${id})`);
  expect(found({ stock: new Map(stock) })).toEqual([]);
  expect(found({ redeemed: 2 })).toEqual(['Tokens redeemed: 2 in Redis, 3 in Postgres.']);
  expect(found({ holding: 0 })).toEqual(['Orders that await payment: 0 in Redis, 1 in Postgres.']);
  const other = new Map(stock).set('prod_a', { free: 2, held: 2, sold: 2 });
  expect(found({ stock: other })).toEqual([
    'Pen (prod_a): 2 units free, 2 held, 2 sold in Redis, 3 units free, 1 held, 2 sold in Postgres.',
  ]);
  expect(found({ stock: new Map() })).toHaveLength(2);
});

it('the books agree only where orders, units and money do, product by product', () => {
  const tally = (paid: number, minor: number) =>
    tallyOf(
      [{ state: 'paid', orders: paid }],
      [{ productId: 'prod_a', state: 'paid', units: paid, minor }],
    );
  const units = (sold: number) => new Map([['prod_a', { held: 0, sold }]]);
  const nameOf = (id: string) => `Pen (${id})`;
  const tables = tally(3, 300);
  expect(bookDifferences({ tables, ledger: tally(3, 300), units: units(3) }, nameOf)).toEqual([]);
  expect(bookDifferences({ tables, ledger: tally(3, 299), units: units(3) }, nameOf)).toEqual([
    'Pen (prod_a), orders paid: 3 units for 299 minor units of money by the ledger, ' +
      '3 units for 300 minor units of money in the table of orders.',
  ]);
  expect(bookDifferences({ tables, ledger: tally(2, 300), units: units(4) }, nameOf)).toEqual([
    'Orders paid: 2 by the ledger, 3 in the table of orders.',
    expect.stringContaining('2 units for 300'),
    expect.stringContaining('the stock has 0 units held and 4 sold'),
  ]);
});

it('the sell-through curve begins with nothing, and ends with all that was sold and paid', () => {
  const lastAt = 1_000 + 604_800_000;
  const changes = [
    { slot: 0, sold: 5, paid: 1 },
    { slot: slotsMax - 1, sold: -2, paid: 2 },
  ];
  const points = sellThrough({ firstAt: 1_000, lastAt, changes });
  expect(points).toHaveLength(200);
  expect(points[0]).toEqual({ at: 1_000, sold: 0, paid: 0 });
  expect(points[1]).toMatchObject({ sold: 5, paid: 1 });
  expect(points[198]).toMatchObject({ sold: 5, paid: 1 });
  expect(points[199]).toEqual({ at: lastAt, sold: 3, paid: 3 });
  const one = { firstAt: 5, lastAt: 5, changes: [{ slot: 0, sold: 2, paid: 0 }] };
  expect(sellThrough(one)).toEqual([
    { at: 5, sold: 0, paid: 0 },
    { at: 5, sold: 2, paid: 0 },
  ]);
  expect(sellThrough({ firstAt: 0, lastAt: 0, changes: [] })).toEqual([]);
});

describe('CSV', () => {
  it('quotes commas, quotes and line breaks, and ends every row with CRLF', () => {
    expect(csv([['a,b', 'say "hi"', 'two\nlines', 3, true, null]])).toBe(
      '"a,b","say ""hi""","two\nlines",3,true,\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('runs nothing from a cell with %j', (cell) => {
    expect(
      csv([[cell]])
        .replace(/^"/, '')
        .startsWith("'"),
    ).toBe(true);
  });

  it('leaves numbers as they are', () => {
    expect(csv([[-5, 1.5]])).toBe('-5,1.5\r\n');
  });

  it('has one row for each product, all of the same length', () => {
    const counts = { total: 3, free: 1, held: 1, sold: 1 };
    const money = { revenueMinor: 99, currency: 'EUR', refundedMinor: 7 };
    const product = { productId: 'prod_1', name: '=x', ...counts, ...money, soldInSale: 1 };
    const funnel = { joined: 1, admitted: 1, issued: 1, redeemed: 1, paid: 1, expired: 0 };
    const orders = { paid: 1, awaitingPayment: 1, expired: 0, cancelled: 2, refunded: 3 };
    const text = summaryCsv({
      id: 'sale_1',
      name: 'Pens',
      state: 'closed',
      products: [product, { ...product, productId: 'prod_2', name: 'Ink' }],
      totals: { total: 6, free: 2, held: 2, sold: 2, ...money, revenueMinor: 198 },
      funnel: { ...funnel, abandoned: 0, blocked: 3 },
      waits: { p50Seconds: 4, p95Seconds: null, histogram: [] },
      blocked: { 'rate-limited': 2, banned: 1 },
      orders,
      sellThrough: [],
      reconciled: true,
      reconciliation: { checkedAt: 0, differences: ['One, two.'] },
    });
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      'productId,name,total,free,held,sold,revenueMinor,currency,saleId,' +
        'joined,admitted,issued,redeemed,paid,expired,abandoned,blocked,' +
        'p50Seconds,p95Seconds,reconciled,soldInSale,refundedMinor,saleName,saleState,' +
        'totalUnits,totalFree,totalHeld,totalSold,totalRevenueMinor,totalRefundedMinor,' +
        'ordersPaid,ordersAwaitingPayment,ordersExpired,ordersCancelled,ordersRefunded,' +
        'blockedByReason,checkedAt,differences',
    );
    expect(lines[1]).toBe(
      "prod_1,'=x,3,1,1,1,99,EUR,sale_1,1,1,1,1,1,0,0,3,4,,true,1,7,Pens,closed," +
        '6,2,2,2,198,7,1,1,0,2,3,banned=1; rate-limited=2,1970-01-01T00:00:00.000Z,"One, two."',
    );
    expect(lines[2]?.split(',').length).toBe(lines[1]?.split(',').length);
  });
});
