import { proofProblem } from '@fairgate/shared/http/proof-refusal.ts';
import { newVisitorId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { verifyProof } from '@fairgate/shared/token/dpop.ts';
import { verifyPass } from '@fairgate/shared/token/pass.ts';
import { isPublicKey, jwkThumbprint, type PublicJwk } from '@fairgate/shared/token/public-jwk.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { z } from 'zod';
import type { JoinOutcome } from '../app/outcomes.ts';
import { bindingOf } from '../domain/binding.ts';
import { requireSolved } from './challenge.ts';
import type { Edge, EdgeContext } from './context.ts';
import { addressDigest, requireJoinable } from './door.ts';
import type { joinBodySchema } from './join-body.ts';
import { knownJoiner } from './login.ts';
import { otherKey, refusal } from './refusals.ts';

/** What a join brings with it. */
type JoinOffer = Pick<
  z.infer<typeof joinBodySchema>,
  'publicKey' | 'challenge' | 'pass' | 'identity'
>;

/**
 * Joins, bound to the key that comes where the sale binds. Throws Problems: 400 where the sale
 * needs a key or the pass is none, 409 where the place has another key, 401 where it has one that
 * was not proven or the login is none, 403 where the sale asks for a challenge. Whoever shows the
 * ticket of a place has solved one for it, and has that one place at most, however often they join.
 */
export async function joinBound(
  edge: Edge,
  c: EdgeContext,
  saleId: string,
  { publicKey, challenge, pass, identity }: JoinOffer,
): Promise<JoinOutcome> {
  const given = publicKey === undefined ? null : thumbprintOf(publicKey);
  const found = await edge.sales.one(saleId);
  if (found.kind !== 'sale') throw refusal(found);
  await requireJoinable(edge, c);
  const shown = edge.credentials.joiner(c, saleId);
  const known = await knownJoiner(edge, found.login, shown, identity);
  const { question, holding, isPerson, isProven } = known;
  const address =
    found.sale.placesPerAddress === undefined ? undefined : addressDigest(edge.door, c);
  const passId = pass === undefined ? undefined : passIdOf(edge, saleId, pass);
  const more = { address, pass: passId, moves: isProven };
  // Whoever has proven who they are brings the key that counts from now on.
  const bound = isProven ? ({ kind: 'nothing' } as const) : holding;
  const binding = bindingOf(found.sale.bindTokens, bound, given);
  switch (binding.kind) {
    case 'key-needed':
      throw badKey(
        'This sale needs JavaScript: a place is bound to a key.',
        'is needed by this sale',
      );
    case 'other-key':
      throw otherKey();
    case 'prove':
      requireProof(edge, c, { sale: saleId, jkt: binding.jkt });
      return await edge.line.join(saleId, { ...question, ...more }, { jkt: binding.jkt, isPerson });
    case 'join': {
      if (holding.kind !== 'ticket') await requireSolved(edge, c, found.sale, 'join', challenge);
      const joiner = binding.asNewcomer ? newcomer(newVisitorId()) : question;
      return await edge.line.join(saleId, { ...joiner, ...more }, { jkt: binding.jkt, isPerson });
    }
  }
}

/**
 * Of a bound ticket, a proof by its key for this very request (CONTRACT.md section 3). A proof may
 * come twice within its minute, as nothing here is done twice by it: a token taken again is the
 * same token, and one leaves or joins by a ticket only as that ticket stands (ADR 0009).
 * Throws `proof-invalid`.
 */
export function requireProof(
  edge: Edge,
  c: EdgeContext,
  { sale, jkt }: { sale: string; jkt?: string | undefined },
): void {
  if (jkt === undefined) return;
  const missing = 'This place is bound to a key of its browser: send a DPoP proof by it.';
  const proof = c.req.header('dpop');
  if (proof === undefined) throw proofProblem({ why: 'missing' }, missing);
  const verdict = verifyProof(proof, {
    method: c.req.method,
    path: c.req.path,
    origins: edge.ownOrigins,
    token: edge.credentials.ticketText(c, sale),
    jkt,
    nowMs: edge.now(),
  });
  if (verdict.kind === 'invalid') throw proofProblem(verdict.fault, missing);
}

/** A ticket of before the sale demanded keys draws no token; joining again with a key binds it. */
export async function requireBound(edge: Edge, ticket: TicketClaims): Promise<void> {
  if (ticket.jkt !== undefined) return;
  const found = await edge.sales.one(ticket.sale);
  if (found.kind !== 'sale' || found.sale.bindTokens !== 'required') return;
  throw proofProblem({ why: 'missing' }, 'This sale needs a place bound to a key: join with one.');
}

function thumbprintOf(publicKey: PublicJwk): string {
  if (!isPublicKey(publicKey)) {
    throw badKey('The public key is not valid.', 'is no point of its curve');
  }
  return jwkThumbprint(publicKey);
}

/** What is spent of a pass. Throws `invalid-request` for one that is none of this sale's. */
function passIdOf({ passKeys, now }: Edge, saleId: string, pass: string): string {
  const verdict = verifyPass(passKeys, pass, saleId, now());
  switch (verdict.kind) {
    case 'valid':
      return verdict.claims.jti;
    case 'expired':
      throw badPass('The pass has expired.', 'has expired');
    case 'other-sale':
    case 'invalid':
      throw badPass('This is no pass of this sale.', 'is no pass of this sale');
  }
}

function badPass(detail: string, message: string): Problem {
  return new Problem('invalid-request', { detail, errors: [{ path: 'pass', message }] });
}

function badKey(detail: string, message: string): Problem {
  return new Problem('invalid-request', { detail, errors: [{ path: 'publicKey', message }] });
}
