import { Problem } from '../problem.ts';
import { type ProofFault, proofAlgorithms } from '../token/dpop.ts';

/** What is wrong with a proof; `used`: it was taken before. */
export type ProofRefusal = ProofFault | { why: 'used' } | { why: 'missing' };

/** RFC 9449 section 7.1: what proofs have to be made with, and what was wrong. */
export function proofChallenge(error: 'invalid_token' | 'invalid_dpop_proof') {
  return { 'www-authenticate': `DPoP algs="${proofAlgorithms.join(' ')}", error="${error}"` };
}

/** 401 `proof-invalid`: says what a client can mend, and nothing of what was sent. */
export function proofProblem(refusal: ProofRefusal, missing: string): Problem {
  const detail = refusal.why === 'missing' ? missing : proofWords(refusal.why);
  const headers = proofChallenge('invalid_dpop_proof');
  return new Problem('proof-invalid', { detail, headers }, refusal.why);
}

function proofWords(why: Exclude<ProofRefusal['why'], 'missing'>): string {
  switch (why) {
    case 'old':
    case 'future':
      return 'The proof was not made just now: make a fresh one, by a clock that is right.';
    case 'used':
      return 'The proof was used before: each request needs a fresh one.';
    case 'other-key':
      return 'The proof is by another key than the one that this is bound to.';
    case 'method':
    case 'address':
    case 'other-token':
      return 'The proof is for another request.';
    case 'length':
    case 'form':
    case 'header':
    case 'claims':
    case 'key':
    case 'signature':
      return 'The proof is not valid (RFC 9449).';
  }
}
