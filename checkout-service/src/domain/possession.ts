import type { ProofFault, ProofVerdict } from '@fairgate/shared/token/dpop.ts';

/**
 * How the token was sent: as a Bearer (or by a form), or with a proof (RFC 9449 section 7.1).
 * `reported`: by the shop's own checkout with an operator's key, where the shopper has shown it; the
 * proof named that checkout, so it was checked there.
 */
export type Shown =
  | { scheme: 'bearer' }
  | { scheme: 'dpop'; proof: string | null }
  | { scheme: 'reported' };

export type Possession =
  /** `proof`: `<iat>.<jti>`, good for one request; null where the token is bound to no key. */
  | { kind: 'shown'; proof: string | null }
  | { kind: 'proof-missing' }
  | { kind: 'proof-refused'; fault: ProofFault }
  | { kind: 'not-bound' };

/**
 * Whether whoever shows the token may: a bound one with a proof by its key, an unbound one without.
 * An unbound token with a proof is refused: its client believes it to be bound, and whoever copied
 * it would need no proof at all (RFC 9449 section 7.1 asks for a token that is bound to the key).
 */
export function possession(
  jkt: string | undefined,
  shown: Shown,
  verify: (proof: string, jkt: string) => ProofVerdict,
): Possession {
  if (shown.scheme === 'reported') return { kind: 'shown', proof: null };
  if (jkt === undefined) {
    return shown.scheme === 'dpop' ? { kind: 'not-bound' } : { kind: 'shown', proof: null };
  }
  if (shown.scheme === 'bearer' || shown.proof === null) return { kind: 'proof-missing' };
  const verdict = verify(shown.proof, jkt);
  if (verdict.kind === 'invalid') return { kind: 'proof-refused', fault: verdict.fault };
  return { kind: 'shown', proof: `${Math.floor(verdict.issuedAt)}.${verdict.proof}` };
}

/**
 * `<iat>.<jti>@<request>`: the proof, and the balancer's id of the request that it came with. A
 * second try of the balancer brings both again; in another request, or one without an id, it is a
 * replay.
 */
export function proofUse(proof: string, balancerRequest: string | null): string {
  return `${proof}@${balancerRequest ?? ''}`;
}
