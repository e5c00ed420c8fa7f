import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { amountFailure, outageFailure } from '../domain/payment-rules.ts';

export type FailureKey = Extract<WordKey, `failure.${string}`>;

/** What providers call it (Stripe's decline codes, which the sandbox has too), and what we say. */
const byWord: Readonly<Record<string, FailureKey>> = {
  [outageFailure]: 'failure.outage',
  [amountFailure]: 'failure.amount',
  insufficient_funds: 'failure.funds',
  card_velocity_exceeded: 'failure.funds',
  withdrawal_count_limit_exceeded: 'failure.funds',
  expired_card: 'failure.expiredCard',
  invalid_expiry_month: 'failure.expiredCard',
  invalid_expiry_year: 'failure.expiredCard',
  incorrect_number: 'failure.number',
  invalid_number: 'failure.number',
  incorrect_cvc: 'failure.cvc',
  invalid_cvc: 'failure.cvc',
  authentication_required: 'failure.bank',
  payment_intent_authentication_failure: 'failure.bank',
  authentication_not_handled: 'failure.bank',
};

/** Why an order is not paid yet; a word of a provider that we do not know is a decline. */
export function failureKey(failure: string): FailureKey {
  return Object.hasOwn(byWord, failure) ? (byWord[failure] ?? declined) : declined;
}

const declined: FailureKey = 'failure.declined';
