import { proofChallenge, proofProblem } from '@fairgate/shared/http/proof-refusal.ts';
import type { BuyerKind } from '@fairgate/shared/order.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { proofAlgorithms } from '@fairgate/shared/token/dpop.ts';
import type { PayOutcome } from '../app/payments.ts';
import type { RedeemOutcome } from '../app/redeem.ts';

const proofMissing = 'The token is bound to a key: send it with the scheme DPoP, and a proof.';

type Refused = Exclude<RedeemOutcome, { kind: 'created' | 'replayed' }>;

/** Every refusal of a redemption as its problem (CONTRACT.md sections 4 and 6). */
export function redemptionProblem(outcome: Refused): Problem {
  switch (outcome.kind) {
    case 'token-invalid':
      return tokenProblem('token-invalid', 'The purchase token is not valid.', outcome.cause);
    case 'not-bound':
      return new Problem('token-invalid', {
        detail: 'The token is bound to no key: send it as a Bearer token, without a proof.',
        headers: proofChallenge('invalid_token'),
      });
    case 'other-sale':
      return tokenProblem('token-invalid', 'The token is of another sale than the product.');
    case 'proof-missing':
      return proofProblem({ why: 'missing' }, proofMissing);
    case 'proof-refused':
      return proofProblem(outcome.fault, proofMissing);
    case 'too-many-proofs':
      return new Problem('rate-limited', {
        detail: 'The answer of this token was asked for too often.',
        retryAfterSeconds: 60,
      });
    case 'key-reused':
      return new Problem('idempotency-key-reused', 'The key came with another body before.');
    case 'already-redeemed':
      return new Problem('token-already-redeemed', {
        detail: 'The token has become an order already.',
        extra: { orderId: outcome.orderId },
      });
    case 'token-expired':
      return tokenProblem(
        'token-expired',
        'The token was not used in time. If a fault of ours took that time, it was given back: ask the sale for the token again.',
      );
    case 'token-revoked':
      return tokenProblem('token-revoked', 'The purchase token counts no more.');
    case 'under-way':
      return new Problem('conflict', {
        detail: 'The same token is being redeemed; ask again for what becomes of it.',
        retryAfterSeconds: 1,
      });
    case 'withdrawn':
      return new Problem(
        'sale-not-open',
        'The sale is over, and its products are not for sale in it.',
      );
    case 'quantity-exceeded':
      return new Problem('quantity-exceeded', {
        detail: `The token allows ${outcome.max} in all; ${outcome.asked} were asked for.`,
        extra: { max: outcome.max },
      });
    case 'limited':
      return new Problem('quantity-exceeded', {
        detail: `${limitNames[outcome.by]} has as many units of this sale as are allowed.`,
        extra: { limit: outcome.by },
      });
    case 'email-needed':
      return new Problem('invalid-request', {
        detail: 'Some of the input is not valid.',
        errors: [{ path: 'email', message: 'is needed: this sale counts units by e-mail' }],
        extra: { reason: 'email-needed' },
      });
    case 'foreign-product':
      return new Problem('invalid-request', {
        detail: 'Some of the input is not valid.',
        errors: [{ path: outcome.path, message: 'is not a product of this sale' }],
      });
    case 'sold-out':
      return new Problem('sold-out', 'Too few units are left; the token was not spent.');
    case 'overloaded':
      return new Problem('unavailable', 'Too many at once; nothing was spent. Try again shortly.');
    case 'gone':
      return new Problem('unavailable', 'The redemption could not be done now; try again.');
    case 'unavailable':
      return new Problem('unavailable', unavailableText(outcome.why), outcome.cause);
  }
}

/** Time is given back where the token was found good. */
function unavailableText(why: string): string {
  const text = 'The redemption could not be done now; try again.';
  if (why === 'keys') return text;
  return `${text} Time that this takes is given back once: ask the sale for the token again if it runs out.`;
}

/** A 401 names the schemes that there are (RFC 9110 section 15.5.2), and what was wrong (RFC 6750). */
function tokenProblem(
  slug: 'token-invalid' | 'token-expired' | 'token-revoked',
  detail: string,
  cause?: unknown,
): Problem {
  const schemes = `Bearer error="invalid_token", DPoP algs="${proofAlgorithms.join(' ')}"`;
  return new Problem(slug, { detail, headers: { 'www-authenticate': schemes } }, cause);
}

const limitNames: Record<BuyerKind, string> = {
  visitor: 'This shopper',
  email: 'This e-mail address',
  identity: 'This account',
};

type NotBegun = Exclude<PayOutcome, { kind: 'begun' }>;

export function paymentProblem(outcome: NotBegun): Problem {
  switch (outcome.kind) {
    case 'unknown-order':
      return new Problem('not-found', 'There is no such order.');
    case 'under-way':
      return underWayProblem();
    case 'order-expired':
      return new Problem('order-expired', 'The order was not paid in time.');
    case 'not-payable':
      return stateProblem(outcome.state);
    case 'declined':
      return new Problem('payment-declined', outcome.failure);
    case 'invalid':
      return new Problem('invalid-request', {
        detail: 'Some of the input is not valid.',
        errors: [{ path: outcome.path, message: outcome.message }],
      });
    case 'unavailable':
      return outcome.why === 'not-configured'
        ? new Problem('payment-unavailable', 'That payment provider is not set up here.')
        : new Problem(
            'payment-unavailable',
            'The payment provider does not answer; the order is kept. Try again shortly.',
            outcome.cause,
          );
  }
}

/** Of a payment that has begun, and of which nothing is known yet. */
export function underWayProblem(): Problem {
  return new Problem('conflict', {
    detail: 'A payment of this order is under way.',
    extra: { reason: 'payment-under-way' },
  });
}

/** The order has come to its end, or is past what was asked for. */
export function stateProblem(state: string): Problem {
  return new Problem('conflict', {
    detail: `The order is ${state}.`,
    extra: { reason: 'not-payable' },
  });
}
