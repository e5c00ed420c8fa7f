import { proofProblem } from '@fairgate/shared/http/proof-refusal.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { JoinOutcome, LeaveOutcome, Refused, Revoked, TakeOutcome } from '../app/outcomes.ts';

/** How long a client is asked to wait when the room cannot be reached. */
const retryAfterSeconds = 2;

/** Until somebody of the same network may have left, or been let in. */
const placesRetryAfterSeconds = 30;

export function unknownSale(): Problem {
  return new Problem('not-found', 'There is no such sale.');
}

export function refusal(refused: Refused | Revoked): Problem {
  switch (refused.kind) {
    case 'revoked':
      return new Problem('token-revoked', {
        detail: 'The shop has revoked this place.',
        headers: { 'www-authenticate': 'Bearer realm="place"' },
      });
    case 'unknown-sale':
      return unknownSale();
    case 'unavailable': {
      const detail = 'The waiting room cannot be reached right now; places are kept.';
      return new Problem('unavailable', { detail, retryAfterSeconds }, refused.cause);
    }
  }
}

/** Nothing is lost by it: neither the challenge nor the place. */
export function challengeUnavailable(cause: string): Problem {
  const detail = 'Challenges cannot be checked right now; try again in a moment.';
  return new Problem('unavailable', { detail, retryAfterSeconds }, cause);
}

/** Who joins names a key, and the place keeps its first one (CONTRACT.md section 3). */
export function otherKey(): Problem {
  return new Problem('conflict', 'This place is bound to another key, and keeps it.');
}

/** The ticket is of before the place was bound, or of before a login moved it to another device. */
function notItsKey(): Problem {
  const detail =
    'This place is bound to another key than this ticket: to that of the browser that joined with ' +
    'one, or of the device that the place was moved to by login.';
  return proofProblem({ why: 'missing' }, detail);
}

export function joinRefusal(outcome: Exclude<JoinOutcome, { kind: 'joined' }>): Problem {
  switch (outcome.kind) {
    case 'sale-not-open': {
      const { startsAt } = outcome;
      const detail = startsAt === null ? 'The sale is over.' : 'The waiting room is not open yet.';
      return new Problem('sale-not-open', { detail, ...(startsAt && { extra: { startsAt } }) });
    }
    case 'sold-out':
      return new Problem('sold-out', 'Everything in this sale is sold.');
    case 'too-many-places': {
      const detail = 'Your network has as many places in this sale as it may have.';
      const retryAfterSeconds = placesRetryAfterSeconds;
      return new Problem('rate-limited', {
        detail,
        retryAfterSeconds,
        extra: { reason: outcome.kind },
      });
    }
    case 'pass-spent':
      return new Problem('conflict', {
        detail: 'Somebody has used this pass already.',
        extra: { reason: outcome.kind },
      });
    case 'other-key':
      return otherKey();
    case 'key-needed':
      return notItsKey();
    case 'revoked':
    case 'unknown-sale':
    case 'unavailable':
      return refusal(outcome);
  }
}

export function leaveRefusal(outcome: Exclude<LeaveOutcome, { kind: 'left' }>): Problem {
  switch (outcome.kind) {
    case 'key-needed':
    case 'other-key':
      return notItsKey();
    case 'revoked':
    case 'unknown-sale':
    case 'unavailable':
      return refusal(outcome);
  }
}

export function takeRefusal(outcome: Exclude<TakeOutcome, { kind: 'issued' }>): Problem {
  switch (outcome.kind) {
    case 'not-admitted':
      return new Problem('not-admitted', 'It is not your turn yet; keep polling.');
    case 'expired':
      return new Problem('place-expired', 'The time to take the purchase token is over.');
    case 'left':
      return new Problem('place-expired', 'This place was given up.');
    case 'done':
      return new Problem('token-already-redeemed', 'The purchase token was redeemed already.');
    case 'key-needed':
    case 'other-key':
      return notItsKey();
    case 'revoked':
    case 'unknown-sale':
    case 'unavailable':
      return refusal(outcome);
  }
}
