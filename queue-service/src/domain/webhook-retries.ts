const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** After each failure, in ms: what Standard Webhooks recommends; 75.6 hours in all. */
export const retryDelaysMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];
/** A receiver that asks for longer is asked again then all the same. */
export const retryAfterMsMax = 24 * hour;
/** Receivers that failed together are not asked again together. */
const jitterMost = 0.1;
/**
 * An endpoint that took nothing for so long is switched off when a delivery has failed for good: the
 * days in which that one was tried (Standard Webhooks, "Delivery").
 */
export const failingMsMax = 3 * 24 * hour;
/** What waits longer, because its endpoint was switched off say, is given up. */
export const pendingMsMax = 4 * 24 * hour;
export const keptMs = 30 * 24 * hour;

/**
 * When to try again after `attempts` of them failed, in ms since the epoch; null: never. `random` in
 * [0, 1). `retryAfterSeconds`: what the receiver asked for, which puts it off and never brings it on.
 */
export function nextTry(
  attempts: number,
  { now, random, retryAfterSeconds }: NextTry,
): number | null {
  const delay = retryDelaysMs[attempts - 1];
  if (delay === undefined) return null;
  const asked = Math.min((retryAfterSeconds ?? 0) * second, retryAfterMsMax);
  return Math.round(now + Math.max(delay * (1 + jitterMost * random), asked));
}
type NextTry = { now: number; random: number; retryAfterSeconds: number | null };

/** `Retry-After` in seconds, of both its forms (RFC 9110 10.2.3); null where it says nothing. */
export function retryAfterOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim());
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / second));
}
