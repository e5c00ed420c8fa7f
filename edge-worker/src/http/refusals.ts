import { Problem } from '@fairgate/shared/problem.ts';
import type { JoinOutcome, Refused, TakeOutcome } from '../app/outcomes.ts';

/** How long a client is asked to wait when the room cannot be reached. */
const retryAfterSeconds = 2;

export function unknownSale(): Problem {
  return new Problem('not-found', 'There is no such sale.');
}

export function refusal(refused: Refused): Problem {
  switch (refused.kind) {
    case 'unknown-sale':
      return unknownSale();
    case 'unavailable': {
      const detail = 'The waiting room cannot be reached right now; places are kept.';
      return new Problem('unavailable', { detail, retryAfterSeconds }, refused.cause);
    }
  }
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
    case 'unknown-sale':
    case 'unavailable':
      return refusal(outcome);
  }
}
