import type { SaleState } from '@fairgate/shared/sale.ts';

/** What a forecast rests on. Rates are admissions in a minute; times are ms since the epoch. */
export type Pace = {
  state: SaleState;
  startsAt: number;
  admitPerMinute: number;
  admittedPerMinute: number;
  /** Nobody is admitted for whom there is no unit in the budget. */
  guaranteeStock: boolean;
  /** Units not yet promised to an admission. */
  budget: number;
  /** No checkout can commit, so nobody is admitted. */
  halted: boolean;
};

export type EtaRange = { low: number; high: number };

/** The measured rate looks back a minute, so it says nothing before the sale is that old. */
const measuredAfterMs = 65_000;

/**
 * Seconds until someone with `ahead` people in front is admitted: at the configured rate at the
 * soonest, and at the measured one, with a margin, at the latest. Null while nothing moves:
 * paused, over, halted by a fault of ours, a rate of 0, or every unit promised.
 */
export function etaRange(pace: Pace, ahead: number, nowMs: number): EtaRange | null {
  const isBefore = pace.state === 'lobby' || pace.state === 'scheduled';
  if (pace.admitPerMinute <= 0 || !(isBefore || pace.state === 'open')) return null;
  if (pace.halted) return null;
  if (pace.guaranteeStock && pace.budget < 1) return null;
  const untilStart = isBefore ? Math.max(0, pace.startsAt - nowMs) / 1_000 : 0;
  const soonest = (ahead * 60) / pace.admitPerMinute;
  const latest = ((ahead + 1) * 60) / latestRate(pace, nowMs);
  return {
    low: Math.floor(untilStart + soonest),
    high: Math.ceil(untilStart + Math.max(soonest, latest) * 1.2 + 2),
  };
}

function latestRate(pace: Pace, nowMs: number): number {
  const isMeasured = pace.state === 'open' && nowMs - pace.startsAt > measuredAfterMs;
  if (!isMeasured || pace.admittedPerMinute <= 0) return pace.admitPerMinute / 1.25;
  return Math.min(pace.admitPerMinute, pace.admittedPerMinute);
}
