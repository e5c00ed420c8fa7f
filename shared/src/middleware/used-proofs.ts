import { clockSkewSeconds } from '../clock.ts';
import { proofLimits } from '../token/dpop.ts';

/** Which proofs were taken: each proves one request (RFC 9449 section 11.1). */
export type UsedProofs = {
  /** True the first time. */
  take(jkt: string, proof: string, nowMs: number): boolean;
};

/** Some 15 MB; at a thousand proofs a second it is more than their minute. */
const proofsMax = 100_000;

/** A proof is refused for its age after so long, whether it is remembered or not. */
const rememberedMs = (proofLimits.ageSecondsMax + clockSkewSeconds) * 1_000;

/**
 * In the memory of this process. Beyond `max` the oldest are forgotten: refusing instead would let
 * one shopper with one token shut out all others. Whoever then shows a proof again still meets the
 * record of spent tokens (redemptions.ts), which knows of every instance.
 */
export function usedProofs(max = proofsMax): UsedProofs {
  /** In the order of their taking, so that the oldest stand in front. */
  const takenAt = new Map<string, number>();
  return {
    take(jkt, proof, nowMs) {
      for (const [name, at] of takenAt) {
        if (at + rememberedMs > nowMs && takenAt.size < max) break;
        takenAt.delete(name);
      }
      const name = `${jkt}.${proof}`;
      if (takenAt.has(name)) return false;
      takenAt.set(name, nowMs);
      return true;
    },
  };
}
