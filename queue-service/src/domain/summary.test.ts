import { describe, expect, it } from 'vitest';
import { csv, summaryCsv } from './csv.ts';
import { agree, stockFrom, waitsFrom } from './summary.ts';

describe('waits', () => {
  const bucketOf = (seconds: number) => Math.floor(Math.log(1 + seconds) / Math.log(1.15));
  const histogram = (waits: number[]) => {
    const counts: Record<string, number> = {};
    for (const wait of waits) counts[bucketOf(wait)] = (counts[bucketOf(wait)] ?? 0) + 1;
    return counts;
  };

  it('are null before anybody was let in', () => {
    expect(waitsFrom({})).toEqual({ p50Seconds: null, p95Seconds: null });
  });

  it('are within 15 % of the true percentiles', () => {
    const waits = Array.from({ length: 1_000 }, (_, i) => i + 1);
    const { p50Seconds, p95Seconds } = waitsFrom(histogram(waits));
    expect(Math.abs((p50Seconds ?? 0) - 500)).toBeLessThan(75);
    expect(Math.abs((p95Seconds ?? 0) - 950)).toBeLessThan(143);
  });

  it('of people let in at once are zero', () => {
    expect(waitsFrom({ '0': 40 })).toEqual({ p50Seconds: 0, p95Seconds: 0 });
  });

  it('are ordered by bucket as a number, not as a text', () => {
    const { p50Seconds, p95Seconds } = waitsFrom({ '2': 50, '10': 50 });
    expect(p50Seconds).toBeLessThan(p95Seconds ?? 0);
  });
});

it('reconciles only where every product, the redemptions and the holds agree', () => {
  const stock = stockFrom({
    prod_a: '3:1:2',
    prod_b: '0:0:9',
    version: '7',
    free: '3',
    total: '15',
  });
  expect([...stock.keys()]).toEqual(['prod_a', 'prod_b']);
  const postgres = { stock, redeemed: 3, holding: 1 };
  expect(agree({ ...postgres, stock: new Map(stock) }, postgres)).toBe(true);
  expect(agree({ ...postgres, redeemed: 2 }, postgres)).toBe(false);
  expect(agree({ ...postgres, holding: 0 }, postgres)).toBe(false);
  const other = new Map(stock).set('prod_a', { free: 2, held: 2, sold: 2 });
  expect(agree({ ...postgres, stock: other }, postgres)).toBe(false);
  expect(agree({ ...postgres, stock: new Map() }, postgres)).toBe(false);
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
    const product = { productId: 'prod_1', name: '=x', total: 3, free: 1, held: 1, sold: 1 };
    const money = { revenueMinor: 99, currency: 'EUR' };
    const funnel = { joined: 1, admitted: 1, issued: 1, redeemed: 1, paid: 1, expired: 0 };
    const text = summaryCsv({
      id: 'sale_1',
      name: 'Pens',
      products: [
        { ...product, ...money },
        { ...product, ...money, productId: 'prod_2', name: 'Ink' },
      ],
      funnel: { ...funnel, abandoned: 0, blocked: 0 },
      waits: { p50Seconds: 4, p95Seconds: null },
      reconciled: true,
    });
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^productId,name,total,free,held,sold,revenueMinor,currency,saleId,/);
    expect(lines[1]).toMatch(/^prod_1,'=x,3,1,1,1,99,EUR,sale_1,1,1,1,1,1,0,0,0,4,,true$/);
    expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1);
  });
});
