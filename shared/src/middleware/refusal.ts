import { proofChallenge, proofProblem } from '../http/proof-refusal.ts';
import { Problem, type ProblemSlug, problemResponse } from '../problem.ts';
import { proofAlgorithms } from '../token/dpop.ts';
import type { PurchaseRefusal } from './verifier.ts';

const schemes = `DPoP algs="${proofAlgorithms.join(' ')}"`;
const proofMissing = 'The token is bound to a key: send it with the scheme DPoP, and a proof.';

/** Every refusal as Fairgate's own checkout words it; the cause goes into a log, and not out. */
export function purchaseProblem(refusal: PurchaseRefusal): Problem {
  switch (refusal.kind) {
    case 'token-missing':
      return new Problem('unauthorized', {
        detail: 'Send the purchase token as a Bearer token, or with the scheme DPoP and a proof.',
        headers: { 'www-authenticate': `Bearer, ${schemes}` },
      });
    case 'token-invalid':
      return ofToken('token-invalid', 'The purchase token is not valid.', refusal.cause);
    case 'token-expired':
      return ofToken('token-expired', 'The purchase token was not used in time.');
    case 'other-sale':
      return ofToken('token-invalid', 'The purchase token is of another sale.');
    case 'not-bound':
      return new Problem('token-invalid', {
        detail: 'The token is bound to no key: send it as a Bearer token, without a proof.',
        headers: proofChallenge('invalid_token'),
      });
    case 'proof-missing':
      return proofProblem({ why: 'missing' }, proofMissing);
    case 'proof-refused':
      return proofProblem(refusal.fault, proofMissing);
    case 'keys-away':
      return new Problem(
        'unavailable',
        'The keys of purchase tokens cannot be had now; nothing was spent. Try again shortly.',
        refusal.cause,
      );
  }
}

/** The refusal as an answer: problem+json, with WWW-Authenticate where it is a 401. */
export function purchaseRefusalResponse(refusal: PurchaseRefusal): Response {
  const { slug, details } = purchaseProblem(refusal);
  return problemResponse(slug, details);
}

function ofToken(slug: ProblemSlug, detail: string, cause?: unknown): Problem {
  const challenge = `Bearer error="invalid_token", ${schemes}`;
  return new Problem(slug, { detail, headers: { 'www-authenticate': challenge } }, cause);
}
