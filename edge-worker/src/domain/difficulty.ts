/**
 * How many tries a challenge takes at most; half of them on average. A phone of 2018 does some
 * 100,000 a second in a Worker of its browser (ADR 0019): a quarter of a second at the least
 * pressure, two seconds at the most, four if it is unlucky.
 */
export const triesMin = 50_000;
export const triesMax = 400_000;

/** So many challenges a minute from one network are what homes, offices and carriers ask for. */
const calmPerMinute = 20;

/** Tries for a network that asked for so many challenges in the last minute: in proportion. */
export function triesFor(perMinute: number): number {
  const tries = Math.round((triesMin * perMinute) / calmPerMinute);
  return Math.min(triesMax, Math.max(triesMin, tries));
}
