import type { Unanswered } from './batcher.ts';
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
  /** More than these do not wait. */
  waitingMax: number;
  /** Finds out what a claim came to whose answer was lost, or whose token has a row. */
  lookUp(claim: Claim): Promise<ClaimOutcome>;
};

export type SecondPassReply = ClaimOutcome | Exclude<Unanswered, { kind: 'too-late' }>;

export type SecondPass = {
  wait(claim: Claim, signal?: AbortSignal): Promise<SecondPassReply>;
  waiting(): number;
};

type Waiting = {
  claim: Claim;
  isOver: boolean;
  /** Being tried right now: what becomes of that has to be known before it is answered. */
  isTried: boolean;
  isLate: boolean;
  finish(reply: SecondPassReply): void;
};

const late = { kind: 'unavailable', why: 'locked' } as const;

/**
 * For claims that the first pass could not decide, since others have locked rows that they need.
 * They are tried singly and outside of any batch, so that those who wait do not lock each other out,
 * and nobody waits for them. Claims of the same products stand in one line; the lines take turns, so
 * that a product whose rows stay locked keeps no other one's shoppers.
 */
export function makeSecondPass(options: SecondPassOptions): SecondPass {
  const lines = new Map<string, Waiting[]>();
  let count = 0;
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (lines.size > 0) {
      // A line that comes meanwhile has its turn in the same round.
      for (const [products, line] of lines) {
        await step(options, line);
        if (line.length === 0) lines.delete(products);
      }
    }
    isRunning = false;
  }

  function stand(one: Waiting): void {
    const products = one.claim.items.map((item) => item.productId).join(' ');
    const line = lines.get(products) ?? [];
    line.push(one);
    lines.set(products, line);
    if (!isRunning) void run();
  }

  return {
    wait(claim, signal) {
      if (signal?.aborted) return Promise.resolve({ kind: 'gone' });
      if (count >= options.waitingMax) return Promise.resolve({ kind: 'overloaded' });
      return new Promise((answer) => {
        const timer = options.timers.after(options.msMax, () => {
          one.isLate = true;
          if (!one.isTried) one.finish(late);
        });
        const one: Waiting = {
          claim,
          isOver: false,
          isTried: false,
          isLate: false,
          finish(reply) {
            if (one.isOver) return;
            one.isOver = true;
            count -= 1;
            timer.cancel();
            answer(reply);
          },
        };
        signal?.addEventListener('abort', () => one.finish({ kind: 'gone' }), { once: true });
        count += 1;
        stand(one);
      });
    },
    waiting: () => count,
  };
}

/** The truth about the whole line first, then one try of whoever stands at its head. */
async function step(options: SecondPassOptions, line: Waiting[]): Promise<void> {
  // Whoever stood behind others in this line may have nothing to wait for.
  const soldOut = await unfillableOf(
    options,
    line.map((one) => one.claim),
  );
  for (const one of line.splice(0)) {
    if (soldOut.has(one.claim.orderId)) one.finish({ kind: 'sold-out' });
    else if (!one.isOver) line.push(one);
  }
  const head = line.shift();
  if (!head) return;
  head.isTried = true;
  const outcome = await attempt(options, head.claim);
  head.isTried = false;
  if (outcome || head.isLate) {
    head.finish(outcome ?? late);
    return;
  }
  line.push(head);
  await new Promise<void>((resolve) => options.timers.after(10, resolve));
}

/** Null where it has to be tried again: its rows stayed locked, others came free, or it lost a race. */
async function attempt(options: SecondPassOptions, claim: Claim): Promise<ClaimOutcome | null> {
  const reply = await options.claims.claimWaiting(claim);
  switch (reply.kind) {
    case 'lost':
      return await options.lookUp(claim);
    case 'refused':
      options.log.error(
        { err: reply.cause, orderId: claim.orderId, saleId: claim.saleId },
        'a claim was refused',
      );
      return { kind: 'unavailable', why: 'refused' };
    case 'locked':
    case 'failed':
    case 'raced':
      return null;
    case 'done': {
      const row = reply.rows.get(claim.orderId);
      if (row?.kind === 'short') return null;
      return !row || row.kind === 'stored' ? await options.lookUp(claim) : row;
    }
  }
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
