import { addressText } from '@fairgate/shared/address.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { ChallengeStep, PublicSale } from '@fairgate/shared/sale.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { z } from 'zod';
import { asksChallenge } from '../domain/challenge.ts';
import { clientAddress } from './client.ts';
import type { Edge, EdgeContext } from './context.ts';
import type { challengeSchema } from './join-body.ts';
import { challengeUnavailable, refusal, takeRefusal } from './refusals.ts';

export type Solved = z.infer<typeof challengeSchema>;

/**
 * Where the sale asks for a challenge at this step, spends the one that comes. Throws
 * `challenge-required`, `challenge-failed`, or `unavailable` (then it is not spent, as far as known).
 */
export async function requireSolved(
  edge: Edge,
  c: EdgeContext,
  sale: PublicSale,
  step: ChallengeStep,
  solved: Solved | undefined,
): Promise<void> {
  if (!asksChallenge(sale, step)) return;
  if (solved === undefined) throw required(sale.id);
  const client = clientAddress(c);
  const address = client === null ? undefined : addressText(client);
  const verdict = await edge.challenges.spend(sale, { step, solved, address });
  switch (verdict.kind) {
    case 'passed':
      return;
    case 'failed':
      edge.suspicion.note(c, 'challenge-failed');
      throw failed(verdict.why);
    case 'unavailable':
      throw challengeUnavailable(verdict.cause);
  }
}

/**
 * The same for the purchase token, of places that may take one. A token that was issued is the same
 * when it is asked for again, so nothing has to be solved for it: not by an answer that was lost,
 * nor by a page that is opened anew.
 */
export async function requireSolvedForToken(
  edge: Edge,
  c: EdgeContext,
  claims: TicketClaims,
  solved: Solved | undefined,
): Promise<void> {
  const found = await edge.sales.one(claims.sale);
  // Of a room that Redis has lost nobody is admitted yet: taking says what there is to say.
  if (found.kind === 'unknown-sale') return;
  if (found.kind === 'unavailable') throw refusal(found);
  if (!asksChallenge(found.sale, 'token')) return;
  const place = await edge.line.look(claims);
  if (place.kind !== 'stands') throw refusal(place);
  // It may be admitted in the next moment, and would then get by: so it is refused here.
  if (place.state === 'waiting') throw takeRefusal({ kind: 'not-admitted' });
  if (place.state === 'admitted') await requireSolved(edge, c, found.sale, 'token', solved);
}

function required(saleId: string): Problem {
  const detail =
    'This sale asks for a challenge, which a browser solves by JavaScript: switch it on, and come ' +
    `back to the page of the sale. Others get one at /api/sales/${saleId}/challenge.`;
  return new Problem('challenge-required', detail);
}

function failed(why: string): Problem {
  const detail =
    'The challenge was not solved, is too old, or was used before: get a fresh one, and try again.';
  return new Problem('challenge-failed', detail, new Error(`challenge: ${why}`));
}
