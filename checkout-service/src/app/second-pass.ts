import type { ClaimOutcome } from './claims.ts';
import type { Log } from './log.ts';
import type { Claim, ClaimStore } from './ports.ts';
import type { Timers } from './timers.ts';

export type SecondPassOptions = {
  claims: Pick<ClaimStore, 'claimWaiting' | 'unfillable'>;
  log: Log;
  timers: Timers;
  /** A claim that could neither be filled nor refused by then is `unavailable`, unspent. */
  msMax: number;
  /** Finds out what a claim came to whose answer was lost, or whose token has a row. */
  lookUp(claim: Claim): Promise<ClaimOutcome>;
};

export type SecondPass = (claim: Claim) => Promise<ClaimOutcome>;

/**
 * For a claim that the first pass could not fill though units are free: others have locked them.
 * Claims wait one by one, so that those that wait do not wait for each other, and outside of any
 * batch, so that nobody waits for them.
 */
export function makeSecondPass(options: SecondPassOptions): SecondPass {
  let line: Promise<unknown> = Promise.resolve();
  return (claim) => {
    const until = options.timers.now() + options.msMax;
    const run = line.then(() => waitFor(options, claim, until));
    line = run.catch(() => undefined);
    return run;
  };
}

/**
 * `SKIP LOCKED` finding too little is not sold out: only a committed count says so (D6). Without
 * an answer nothing counts as sold out.
 */
export async function unfillableOf(
  options: Pick<SecondPassOptions, 'log'> & { claims: Pick<ClaimStore, 'unfillable'> },
  claims: readonly Claim[],
): Promise<Set<string>> {
  if (claims.length === 0) return new Set();
  try {
    return await options.claims.unfillable(claims);
  } catch (cause) {
    options.log.warn({ err: cause }, 'free units could not be counted');
    return new Set();
  }
}

async function waitFor(
  options: SecondPassOptions,
  claim: Claim,
  until: number,
): Promise<ClaimOutcome> {
  for (;;) {
    // Counted first: whoever stood behind others in this line may have nothing to wait for.
    if ((await unfillableOf(options, [claim])).size > 0) return { kind: 'sold-out' };
    if (options.timers.now() >= until) return { kind: 'unavailable', why: 'locked' };
    const reply = await options.claims.claimWaiting(claim);
    if (reply.kind === 'lost') return await options.lookUp(claim);
    if (reply.kind === 'done') {
      const row = reply.rows.get(claim.orderId);
      if (row?.kind === 'created' || row?.kind === 'limited') return row;
      if (row?.kind !== 'short') return await options.lookUp(claim);
    }
    // Failed (the rows stayed locked too long), refused, raced, or short (they were taken, or others came free).
    await new Promise<void>((resolve) => options.timers.after(10, resolve));
  }
}
