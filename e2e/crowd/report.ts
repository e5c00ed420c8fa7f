import type { SummaryAnswer } from '../support/admin-shapes.ts';
import type { OrderAnswer } from '../support/shapes.ts';
import { allOrders, numbersAgainstArrival, oversold, overtaken, percentile } from './findings.ts';
import type { ShopperRecord, Stage } from './record.ts';

export type CrowdResult = {
  saleId: string;
  seed: number;
  tookMs: number;
  /** False where the time was over first. */
  isComplete: boolean;
  records: ShopperRecord[];
  /** All orders of the sale, also those of others. */
  orders: OrderAnswer[];
  summary: SummaryAnswer;
  /** Whoever is silent for so long may be passed. */
  abandonSeconds: number;
};

export type CrowdReport = { lines: string[]; isFair: boolean };

/** The final report, and whether what was promised was kept. */
export function crowdReport(result: CrowdResult): CrowdReport {
  const { records, summary, orders } = result;
  const twice = oversold(allOrders(orders, records), summary);
  const silenceMsMax = result.abandonSeconds * 1_000;
  const tokens = overtaken(records, (it) => it.issuedAtSeconds, silenceMsMax);
  const admissions = overtaken(records, (it) => it.admittedUntilMs, silenceMsMax);
  const numbers = numbersAgainstArrival(records);
  const outOfOrder = tokens + admissions + numbers;
  const refused = records.filter((it) => it.wasRefusedUnits).length;
  const lines = [
    '',
    `sale ${result.saleId}, seed ${result.seed}, ${seconds(result.tookMs)} s`,
    ...outcomeLines(records),
    ...stockLines(summary),
    waitLine(records),
    `order of issue against order of arrival: tokens ${tokens}, admissions ${admissions}, ` +
      `numbers ${numbers}`,
    ...(refused > 0 ? [`let in and yet told that nothing is left: ${refused}`] : []),
    `out-of-order ${outOfOrder}`,
    `oversold ${twice}`,
    ...(result.isComplete ? [] : ['The time was over before everyone had finished.']),
    ...failureLines(records),
  ];
  return { lines, isFair: twice === 0 && outOfOrder === 0 };
}

function outcomeLines(records: readonly ShopperRecord[]): string[] {
  const count = (stage: Stage) => records.filter((it) => it.stage === stage).length;
  const declined = records.filter(({ wasDeclined }) => wasDeclined).length;
  return [
    `shoppers ${records.length}`,
    `paid ${count('paid')}, declined ${declined}, left ${count('left')}, ` +
      `never paid ${count('unpaid')}, absent ${count('absent')}, expired ${count('expired')}, ` +
      `without ${count('without')}, failed ${count('failed')}`,
  ];
}

function stockLines({ products }: SummaryAnswer): string[] {
  const sum = (name: 'sold' | 'held' | 'free' | 'total') =>
    products.reduce((total, product) => total + product[name], 0);
  return [`sold ${sum('sold')}, held ${sum('held')}, free ${sum('free')} of ${sum('total')}`];
}

/** From the answer to joining until the shopper saw to be let in. */
function waitLine(records: readonly ShopperRecord[]): string {
  const waits = records.flatMap(({ admittedSeenMs, joinAnsweredMs }) =>
    admittedSeenMs === undefined || joinAnsweredMs === undefined
      ? []
      : [admittedSeenMs - joinAnsweredMs],
  );
  const [p50, p95] = [percentile(waits, 0.5), percentile(waits, 0.95)];
  if (p50 === undefined || p95 === undefined) return 'waits: nobody was let in';
  return `waits p50 ${seconds(p50)} s, p95 ${seconds(p95)} s (${waits.length} let in)`;
}

const failuresShown = 5;

/** The kinds of failures, most frequent first. */
function failureLines(records: readonly ShopperRecord[]): string[] {
  const kinds = new Map<string, number>();
  for (const { failure } of records) {
    if (failure !== undefined) kinds.set(failure, (kinds.get(failure) ?? 0) + 1);
  }
  return [...kinds]
    .sort(([, a], [, b]) => b - a)
    .slice(0, failuresShown)
    .map(([failure, count]) => `failed ${count} times: ${failure.slice(0, 300)}`);
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

/** One line of how many shoppers are where. */
export function progressLine(records: readonly ShopperRecord[], passedMs: number): string {
  const counts = new Map<Stage, number>();
  for (const { stage } of records) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  const parts = [...counts].map(([stage, count]) => `${stage} ${count}`);
  return `${seconds(passedMs).padStart(6)} s  ${parts.join(' · ')}`;
}
