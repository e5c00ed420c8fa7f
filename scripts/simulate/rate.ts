/** How many may be let in by the rate and its burst, as the contract bounds them. */
export type Allowance = {
  level: number;
  at: number;
  rate: number;
  /** The highest rate that was in force since the level was reckoned. */
  fastest: number;
};

export function newAllowance(rate: number, now: number): Allowance {
  return { level: burst(rate), at: now, rate, fastest: rate };
}

/** "The larger of 1 and one second's worth". */
function burst(perMinute: number): number {
  return Math.max(1, perMinute / 60);
}

export function changeRate(allowance: Allowance, rate: number): void {
  allowance.rate = rate;
  allowance.fastest = Math.max(allowance.fastest, rate);
}

/** Takes what was let in now off the allowance; false where that is more than it held. */
export function use(allowance: Allowance, admitted: number, now: number): boolean {
  const earned = (allowance.fastest / 60_000) * (now - allowance.at);
  allowance.level = Math.min(burst(allowance.rate), allowance.level + earned) - admitted;
  allowance.at = now;
  allowance.fastest = allowance.rate;
  return allowance.level > -0.001;
}
