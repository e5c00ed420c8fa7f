import type { Clock } from '@fairgate/shared/clock.ts';
import { type Arrival, auditedOf, sampleArrivals } from '@fairgate/shared/log/arrivals.ts';
import type { PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { reused } from './reused.ts';

export type Arrivals = {
  id: string;
  /** The last line of the log that was looked at. */
  auditedSeq: number;
  admitted: number;
  inversions: number;
  items: Arrival[];
};
/** Arrival against admission, for a plot. Throws `not-found`. */
export type ReadArrivals = (saleId: string) => Promise<Arrivals>;

/** More points than a plot shows. */
const arrivalsMax = 1_000;
/** Logs whose points are kept until a line is added: of closed sales for good. */
const keptMax = 32;

type Parts = { logs: Pick<PostgresLog, 'fairness' | 'blocksAfter'>; clock: Clock };

export function arrivalsReader({ logs, clock }: Parts): ReadArrivals {
  const kept = new Map<string, Arrivals>();
  return reused(clock.now, async (saleId) => {
    const facts = await logs.fairness(saleId);
    if (facts === null) throw new Problem('not-found', 'There is no such sale.');
    const { seq: auditedSeq, admitted, inversions } = auditedOf(facts);
    const known = kept.get(saleId);
    if (known?.auditedSeq === auditedSeq) return known;
    const items = await sampleArrivals(logs, facts, arrivalsMax);
    const found = { id: saleId, auditedSeq, admitted, inversions, items };
    kept.delete(saleId);
    kept.set(saleId, found);
    const [oldest] = kept.keys();
    if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
    return found;
  });
}
