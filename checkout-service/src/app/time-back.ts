import type { PurchaseClaims } from '@fairgate/shared/token/purchase.ts';
import { judgeTrouble, type Trouble, type TroubleBounds } from '../domain/trouble.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type { RedeemOutcome } from './redeem.ts';
import { RoomRefused } from './room-away.ts';
import type { RoomReports } from './room-ports.ts';

export type TimeBackOptions = {
  room: Pick<RoomReports, 'fault'>;
  metrics: Pick<CheckoutMetrics, 'timeBack'>;
  bounds: TroubleBounds;
  /** Tokens that are remembered; in a fault of more the room itself sees that none could buy. */
  troublesMax: number;
  /** Calls of the room in one round. */
  callsMax: number;
  now(): number;
};

export type TimeBack = {
  /** Does what a redemption with a good, living token does, and sees whether it fails by our fault. */
  during(claims: PurchaseClaims, work: () => Promise<RedeemOutcome>): Promise<RedeemOutcome>;
  /** Tells the rooms, apart from any answer. Rejects, and tries no further, while Redis is away. */
  round(): Promise<'again' | 'done'>;
};

/**
 * Time given back to who was kept from buying by a fault of ours (D10): redemption -> 503 -> noted
 * here -> `fault.lua`, once for each token. What a client says counts for nothing.
 */
export function makeTimeBack(options: TimeBackOptions): TimeBack {
  const { now } = options;
  const troubles = new Map<string, Trouble>();

  async function give(jti: string, { saleId, visitor }: Trouble, ms: number): Promise<void> {
    const { outcome } = await options.room.fault(saleId, visitor, jti, ms);
    options.metrics.timeBack(outcome);
    const trouble = troubles.get(jti);
    // Its order may have been made meanwhile. Given twice it would not be, but asked for again.
    if (outcome === 'given' && trouble) trouble.isTold = true;
    else if (trouble?.triedAtMs === null) troubles.delete(jti);
  }

  return {
    async during(claims, work) {
      const { jti } = claims;
      if (!troubles.has(jti) && troubles.size >= options.troublesMax) return await work();
      const trouble = troubles.get(jti) ?? beginning(claims, now());
      trouble.triedAtMs = now();
      troubles.set(jti, trouble);
      const outcome = await work();
      trouble.triedAtMs = null;
      if (isOurFault(outcome)) trouble.failedAtMs = now();
      else if (trouble.failedAtMs === null || settling.has(outcome.kind)) troubles.delete(jti);
      return outcome;
    },
    async round() {
      let calls = 0;
      let fault: unknown;
      for (const [jti, trouble] of troubles) {
        const verdict = judgeTrouble(trouble, now(), options.bounds);
        if (verdict.kind === 'forget') troubles.delete(jti);
        if (verdict.kind !== 'give') continue;
        if (calls === options.callsMax) return 'again';
        calls += 1;
        await give(jti, trouble, verdict.ms).catch((error: unknown) => {
          // One room that is out of order keeps no other sale's shoppers.
          if (!(error instanceof RoomRefused)) throw error;
          troubles.delete(jti);
          fault ??= error;
        });
      }
      if (fault !== undefined) throw fault;
      return 'done';
    },
  };
}

function beginning({ sale, sub, exp }: PurchaseClaims, nowMs: number): Trouble {
  return {
    saleId: sale,
    visitor: sub,
    expMs: exp * 1_000,
    sinceMs: nowMs,
    failedAtMs: null,
    triedAtMs: null,
    isTold: false,
  };
}

/** What is answered with a 503, unless its client went away by itself. */
function isOurFault(outcome: RedeemOutcome): boolean {
  return outcome.kind === 'unavailable' || outcome.kind === 'overloaded';
}

/** The token is spent, or worth nothing any more. */
const settling: ReadonlySet<RedeemOutcome['kind']> = new Set([
  'created',
  'replayed',
  'already-redeemed',
  'token-expired',
  'token-revoked',
]);
