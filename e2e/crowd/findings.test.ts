import { expect, test } from 'vitest';
import type { SummaryAnswer } from '../support/admin-shapes.ts';
import type { OrderAnswer } from '../support/shapes.ts';
import { allOrders, numbersAgainstArrival, oversold, overtaken, percentile } from './findings.ts';
import { planCrowd } from './plan.ts';
import { newRecord, type ShopperRecord } from './record.ts';

// A crowd that finds nothing has to be one that would have found it.

function admitted(number: number, at: number, silenceMs = 0): ShopperRecord {
  return { ...newRecord(number), number, issuedAtSeconds: at, silenceMs };
}

const instantOf = (record: ShopperRecord) => record.issuedAtSeconds;

test('whoever is let in after somebody behind is counted as overtaken, once', () => {
  const inOrder = [admitted(1, 10), admitted(2, 10), admitted(3, 11), admitted(9, 11)];
  expect(overtaken(inOrder, instantOf, 5_000)).toBe(0);
  const passed = [admitted(1, 12), admitted(2, 10), admitted(3, 11), admitted(4, 10)];
  expect(overtaken(passed, instantOf, 5_000)).toBe(2);
  expect(overtaken([admitted(1, 12, 6_000), admitted(2, 10)], instantOf, 5_000)).toBe(0);
});

test('a number below one that was answered before is counted', () => {
  const joined = (number: number, joinSentMs: number, joinAnsweredMs: number) => ({
    ...newRecord(number),
    number,
    joinSentMs,
    joinAnsweredMs,
  });
  expect(numbersAgainstArrival([joined(2, 0, 10), joined(1, 5, 20), joined(3, 30, 40)])).toBe(0);
  expect(numbersAgainstArrival([joined(2, 0, 10), joined(1, 11, 20)])).toBe(1);
});

function order(id: string, units: string[], state: OrderAnswer['state'] = 'paid'): OrderAnswer {
  const time = '2026-01-01T00:00:00.000Z';
  const items = [{ productId: 'prod_1', quantity: units.length, unitPriceMinor: 1, units }];
  const money = { totalMinor: 1, currency: 'EUR' };
  return { id, saleId: 'sale_1', state, items, ...money, payBefore: time, createdAt: time };
}

function summaryOf(total: number, free: number, held: number, sold: number): SummaryAnswer {
  const none = { joined: 0, admitted: 0, issued: 0, redeemed: 0 };
  return {
    products: [
      {
        productId: 'prod_1',
        name: 'P',
        total,
        free,
        held,
        sold,
        revenueMinor: 0,
        currency: 'EUR',
      },
    ],
    funnel: { ...none, paid: 0, expired: 0, abandoned: 0, blocked: 0 },
    waits: { p50Seconds: null, p95Seconds: null },
    reconciled: true,
  };
}

test('a unit in two live orders is oversold, and so are more sold than there are', () => {
  const good = summaryOf(2, 0, 1, 1);
  expect(oversold([order('a', ['u1']), order('b', ['u2'])], good)).toBe(0);
  expect(oversold([order('a', ['u1']), order('b', ['u1'])], good)).toBe(1);
  expect(oversold([order('a', ['u1']), order('b', ['u1'], 'expired')], good)).toBe(0);
  expect(oversold([], summaryOf(2, 0, 1, 3))).toBe(2);
  const known = { ...newRecord(1), order: order('b', ['u1']) };
  expect(oversold(allOrders([order('a', ['u1'])], [known]), good)).toBe(1);
});

test('the same seed plans the same crowd, with a burst first and all habits in it', () => {
  const shape = { shoppers: 2_000, arrivalSeconds: 10, leave: 0.05, neverPay: 0.05 };
  const full = { ...shape, decline: 0.05, absent: 0.02 };
  const crowd = planCrowd({ ...full, seed: 7 });
  expect(planCrowd({ ...full, seed: 7 })).toEqual(crowd);
  expect(planCrowd({ ...full, seed: 8 })).not.toEqual(crowd);
  const habits = Object.groupBy(crowd, ({ habit }) => habit);
  expect(habits.leaves?.length).toBeGreaterThan(60);
  expect(habits['never-pays']?.length).toBeGreaterThan(60);
  expect(habits.absent?.length).toBeGreaterThan(15);
  expect(habits.buys?.length).toBeGreaterThan(1_600);
  expect(crowd.filter(({ arrivesAtMs }) => arrivesAtMs < 1_000).length).toBeGreaterThan(800);
  expect(crowd.every(({ arrivesAtMs }) => arrivesAtMs >= 0 && arrivesAtMs <= 10_000)).toBe(true);
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
});
