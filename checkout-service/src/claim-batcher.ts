import { makeBatcher } from './app/batcher.ts';
import type { Capacity } from './app/capacity.ts';
import { claimKeys } from './app/claim-making.ts';
import type { ClaimOutcome, Claims } from './app/claims.ts';
import type { CheckoutMetrics } from './app/metrics.ts';
import type { Claim } from './app/ports.ts';
import { systemTimers } from './app/timers.ts';
import { unitsAsked } from './domain/redemption.ts';
import { limits } from './limits.ts';

/** The group commit: claims of a few milliseconds become one statement (ARCHITECTURE.md D5). */
export function makeClaimBatcher(
  claimBatch: Claims['claimBatch'],
  metrics: CheckoutMetrics,
  capacity: Capacity,
) {
  return makeBatcher<Claim, ClaimOutcome>({
    async run(batch) {
      const begun = performance.now();
      const outcomes = await claimBatch(batch);
      const seconds = (performance.now() - begun) / 1_000;
      metrics.batch(batch.length, seconds);
      capacity.batch(outcomes.filter(({ kind }) => kind === 'created').length, seconds);
      return outcomes;
    },
    keysOf: claimKeys,
    weightOf: (claim) => unitsAsked(claim.items),
    sizeMax: limits.batchSizeMax,
    weightMax: limits.batchUnitsMax,
    queueMax: limits.queueMax,
    lanes: limits.batchLanes,
    lingerMs: limits.batchLingerMs,
    waitMsMax: limits.queueWaitMsMax,
    timers: systemTimers,
    waited: (ms) => metrics.waited(ms / 1_000),
  });
}
