import type { Random } from '../../crowd/random.ts';

/** A sale's line, as `npm run bench:eta` plays it. Rates are admissions in a minute. */
export type Scenario = {
  name: string;
  visitors: number;
  /** Of these, those who stand in line at the start; the others come over `arriveSeconds`. */
  early: number;
  arriveSeconds: number;
  admitPerMinute: number;
  maxActive: number;
  /** From admission to the order's end; a shopper who buys needs between these. */
  buySeconds: { low: number; high: number };
  /** Those who close the page while they wait, and those who leave by the button. */
  absentShare: number;
  leaveShare: number;
  /** Mean time between changes of the rate; 0 where it stays. */
  changeSeconds: number;
};

const calm: Scenario = {
  name: 'steady',
  visitors: 900,
  early: 0.7,
  arriveSeconds: 300,
  admitPerMinute: 90,
  maxActive: 100_000,
  buySeconds: { low: 20, high: 90 },
  absentShare: 0.03,
  leaveShare: 0.02,
  changeSeconds: 0,
};

export const scenarios: readonly Scenario[] = [
  calm,
  { ...calm, name: 'bound by maxActive', visitors: 500, admitPerMinute: 600, maxActive: 30 },
  {
    ...calm,
    name: 'bound by maxActive, bursty',
    visitors: 400,
    admitPerMinute: 1_200,
    maxActive: 40,
    buySeconds: { low: 40, high: 60 },
  },
  { ...calm, name: 'absentees', absentShare: 0.3, leaveShare: 0.1 },
  { ...calm, name: 'changes of the rate', changeSeconds: 200 },
  { ...calm, name: 'small line', visitors: 40, admitPerMinute: 10, arriveSeconds: 120 },
  { ...calm, name: 'big line', visitors: 20_000, admitPerMinute: 2_000 },
];

/** A rate that an operator may set after another one. */
export function otherRate(random: Random, rate: number): number {
  return Math.max(6, Math.round(rate * (0.5 + 1.5 * random())));
}

/** Whether a change that comes every so many seconds in the mean comes in this second. */
export function changesNow(random: Random, meanSeconds: number): boolean {
  return meanSeconds > 0 && random() * meanSeconds < 1;
}

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}
