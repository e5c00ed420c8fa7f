/** A measurement takes so many claims, in batches that were filled by a crowd and not by chance. */
const claimsMin = 200;
const batchMin = 10;
/** Batches further apart than this are of two crowds. */
const gapMs = 5_000;
/** The best measurement of the last hour counts; where there is none, the last one. */
const heldMs = 3_600_000;

export type Capacity = {
  /** A batch has ended that wrote so many orders, and took `seconds`. */
  batch(claimed: number, seconds: number): void;
  /** Claims a second, or null where nothing was measured yet. */
  perSecond(): number | null;
};

/**
 * What this instance can claim, by what it did claim: orders written in batches of ten or more,
 * divided by the time in which one was under way (two at once count once), over 200 of them that came
 * without a pause of 5 s. Batches of a trickle, and of those who found nothing, say nothing of it, and
 * are left out. Other instances on the same Postgres that were busy then are in the figure; signatures
 * are as far as they were checked at the same time.
 */
export function measuredCapacity(now: () => number): Capacity {
  let best: { perSecond: number; atMs: number } | null = null;
  let claims = 0;
  let busyMs = 0;
  let lastEndMs = 0;
  return {
    batch(claimed, seconds) {
      const endMs = now();
      if (endMs - lastEndMs > gapMs) {
        claims = 0;
        busyMs = 0;
      }
      if (claimed >= batchMin) {
        claims += claimed;
        busyMs += endMs - Math.max(endMs - seconds * 1_000, lastEndMs);
      }
      lastEndMs = endMs;
      if (claims < claimsMin || busyMs <= 0) return;
      const perSecond = Math.round((claims / busyMs) * 1_000);
      const isOld = best === null || endMs - best.atMs > heldMs;
      if (best === null || isOld || perSecond >= best.perSecond) best = { perSecond, atMs: endMs };
      claims = 0;
      busyMs = 0;
    },
    perSecond: () => best?.perSecond ?? null,
  };
}
