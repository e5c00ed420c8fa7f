import type { SummaryAnswer } from '../support/admin-shapes.ts';
import type { OrderAnswer } from '../support/shapes.ts';
import type { ShopperRecord } from './record.ts';

// Pure: what the crowd saw, against what was promised to it.

/**
 * How many were overtaken: somebody with a higher number was let in at a strictly earlier instant.
 * Whoever was silent for longer than `silenceMsMax` was not there, and may rightly be passed.
 */
export function overtaken(
  records: readonly ShopperRecord[],
  instantOf: (record: ShopperRecord) => number | undefined,
  silenceMsMax: number,
): number {
  const admitted = records.flatMap((record) => {
    const instant = instantOf(record);
    const { number, silenceMs } = record;
    return number === undefined || instant === undefined ? [] : [{ number, instant, silenceMs }];
  });
  let earliestBehind = Number.POSITIVE_INFINITY;
  let count = 0;
  for (const one of admitted.sort((a, b) => b.number - a.number)) {
    if (earliestBehind < one.instant && one.silenceMs < silenceMsMax) count += 1;
    earliestBehind = Math.min(earliestBehind, one.instant);
  }
  return count;
}

/** How many got a number that is not above one that had been answered before they asked. */
export function numbersAgainstArrival(records: readonly ShopperRecord[]): number {
  const events = records.flatMap(({ joinSentMs, joinAnsweredMs, number }) =>
    joinSentMs === undefined || joinAnsweredMs === undefined || number === undefined
      ? []
      : [
          { atMs: joinSentMs, isAnswer: false, number },
          { atMs: joinAnsweredMs, isAnswer: true, number },
        ],
  );
  // In the same millisecond nothing can be told: then the question counts as the earlier one.
  events.sort((a, b) => a.atMs - b.atMs || Number(a.isAnswer) - Number(b.isAnswer));
  let highest = 0;
  let count = 0;
  for (const { isAnswer, number } of events) {
    if (isAnswer) highest = Math.max(highest, number);
    else if (number <= highest) count += 1;
  }
  return count;
}

const isLive = ({ state }: OrderAnswer) => state === 'awaiting_payment' || state === 'paid';

/** Units that are in two live orders, and units sold or held beyond what there are. */
export function oversold(orders: readonly OrderAnswer[], summary: SummaryAnswer): number {
  const owners = new Map<string, Set<string>>();
  for (const order of orders.filter(isLive)) {
    for (const unit of order.items.flatMap(({ units }) => units)) {
      owners.set(unit, (owners.get(unit) ?? new Set()).add(order.id));
    }
  }
  const doubly = [...owners.values()].filter(({ size }) => size > 1).length;
  const beyond = summary.products.map(({ total, free, held, sold }) =>
    Math.max(0, sold + held - total, Math.abs(free + held + sold - total)),
  );
  return beyond.reduce((sum, units) => sum + units, doubly);
}

/** The orders of all that anybody knows of: the shop's own, and those that shoppers were told of. */
export function allOrders(
  ofShop: readonly OrderAnswer[],
  records: readonly ShopperRecord[],
): OrderAnswer[] {
  const known = new Set(ofShop.map(({ id }) => id));
  const missing = records.flatMap(({ order }) => (order && !known.has(order.id) ? [order] : []));
  return [...ofShop, ...missing];
}

/** Of a sorted or unsorted list; undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
