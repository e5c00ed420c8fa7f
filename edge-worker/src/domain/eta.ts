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
  /** The slowest and the fastest of the last six windows of 10 s; null before there are any. */
  pace?: { low: number; high: number } | null | undefined;
  /** What the lane gets of each rate: all of it while no other lane waits. */
  laneShare?: number | undefined;
  /** Of those whose waiting ended, the share that was gone before their turn; smoothed. */
  absentShare?: number | undefined;
};

export type EtaRange = { low: number; high: number };

/** The measured rate looks back a minute, so it says nothing before the sale is that old. */
const measuredAfterMs = 65_000;
/** Sooner it tells whether the line moves at all as fast as it may. */
const guessedAfterMs = 20_000;
const windowSeconds = 10;
const windows = 6;
/** The range of six draws from a normal distribution is 2.53 of its deviations wide. */
const deviationsInRange = 2.53;
/** Four waits in five are to lie within the range: 1.28 deviations, and some more for fat tails. */
const deviationsShown = 1.5;
/** Rates drift beyond what a minute shows. */
const drift = 0.06;
/** Of a long line, those who are gone, or will be, without anybody having noticed yet. */
const goneUnseen = 0.1;
/** How much slower than it was measured the line may become, at the most that is shown. */
const slowestShare = 0.3;
/** A snapshot is up to 1.5 s old, and admissions come in steps of up to a second. */
const grainSeconds = 2;

/**
 * Seconds until someone with `ahead` people in front is admitted, as a range that is to hold four
 * waits in five (`npm run bench:eta`). Null while nothing moves: paused, over, halted by a fault of
 * ours, a rate of 0, or every unit promised.
 */
export function etaRange(pace: Pace, ahead: number, nowMs: number): EtaRange | null {
  const isBefore = pace.state === 'lobby' || pace.state === 'scheduled';
  if (pace.admitPerMinute <= 0 || !(isBefore || pace.state === 'open')) return null;
  if (pace.halted) return null;
  if (pace.guaranteeStock && pace.budget < 1) return null;
  const untilStart = isBefore ? Math.max(0, pace.startsAt - nowMs) / 1_000 : 0;
  const { slow, fast } = rates(pace, ahead, nowMs);
  const soonest = (present(ahead, goneAtMost(pace, ahead)) * 60) / fast;
  const latest = (present(ahead, goneAtLeast(pace)) * 60 + 60) / slow;
  return {
    low: Math.floor(untilStart + soonest),
    high: Math.ceil(untilStart + Math.max(soonest, latest) + grainSeconds),
  };
}

function present(ahead: number, goneShare: number): number {
  return ahead * (1 - Math.min(0.9, goneShare));
}

/** More people go than went so far, the longer they wait. */
function goneAtMost({ absentShare = 0 }: Pace, ahead: number): number {
  return absentShare * 1.4 + (goneUnseen * ahead) / (ahead + 100);
}

function goneAtLeast({ absentShare = 0 }: Pace): number {
  return absentShare * 0.5;
}

/** What the mean rate until then may be, between the slowest and the fastest that is shown. */
function rates(pace: Pace, ahead: number, nowMs: number): { slow: number; fast: number } {
  const share = pace.laneShare ?? 1;
  const set = pace.admitPerMinute * share;
  const openMs = pace.state === 'open' ? nowMs - pace.startsAt : 0;
  if (openMs < guessedAfterMs || pace.admittedPerMinute <= 0) {
    return { slow: set / 1.25, fast: set };
  }
  if (openMs < measuredAfterMs) {
    // The minute that was measured began before the start; the first ones in make room for nobody.
    const sinceStart = (pace.admittedPerMinute * share * measuredAfterMs) / openMs;
    return { slow: Math.min(set, sinceStart) / 2, fast: set };
  }
  const measured = Math.min(set, pace.admittedPerMinute * share);
  const spread = spreadOf(pace, share, ahead, measured);
  return {
    slow: Math.max(measured * slowestShare, measured - spread),
    fast: Math.min(set, measured + spread),
  };
}

/**
 * The mean over the wait varies by what is left of the windows' deviation over so many windows, by
 * how little six windows tell of the mean itself, and by drift.
 */
function spreadOf(pace: Pace, share: number, ahead: number, measured: number): number {
  const range = pace.pace ? (pace.pace.high - pace.pace.low) * share : measured;
  const deviation = range / deviationsInRange;
  const waitWindows = Math.max(0.5, ((ahead + 1) * 60) / measured / windowSeconds);
  const variance = deviation ** 2 * (1 / waitWindows + 1 / windows) + (drift * measured) ** 2;
  return deviationsShown * Math.sqrt(variance);
}
