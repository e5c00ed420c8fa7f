import { Problem } from '@fairgate/shared/problem.ts';
import type { Outcome, ReportedAnswer } from '@fairgate/shared/reported-outcomes.ts';
import { by, type Caller } from './caller.ts';
import type { Checkouts, Store } from './ports.ts';
import { existingSale } from './sales.ts';

export type ReportOutcomes = (
  caller: Caller,
  saleId: string,
  outcomes: Outcome[],
) => Promise<ReportedAnswer['results']>;

/**
 * What became of purchase tokens at a checkout of the shop's own. A checkout of ours takes each report by the
 * rules of every redemption, whatever was reported before: the same again gets the same result.
 * Throws `not-found`, `conflict` (a draft has no tokens), `unavailable`.
 */
export function reportOutcomes(parts: { store: Store; checkouts: Checkouts }): ReportOutcomes {
  const { store, checkouts } = parts;
  return async (caller, saleId, outcomes) => {
    if ((await existingSale(store, saleId)).phase === 'draft') {
      throw new Problem('conflict', 'The sale is a draft: nobody has a purchase token of it.');
    }
    const reply = await checkouts.report(saleId, { actor: caller.actor, outcomes });
    if (reply.kind === 'unavailable') {
      throw new Problem('unavailable', 'No checkout answers; report it again.', reply.cause);
    }
    const { results } = reply;
    await store.note({
      ...by(caller),
      action: 'outcomes.reported',
      saleId,
      detail: { ...countsOf(outcomes, results) },
    });
    return results;
  };
}

/** How many of each kind were taken, and how many of all refused. */
function countsOf(outcomes: Outcome[], results: ReportedAnswer['results']) {
  const counts = { started: 0, bought: 0, abandoned: 0, refused: 0 };
  for (const [i, { outcome }] of outcomes.entries()) {
    counts[results[i]?.result === 'accepted' ? outcome : 'refused'] += 1;
  }
  return counts;
}
