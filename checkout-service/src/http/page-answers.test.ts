import { Problem } from '@fairgate/shared/problem.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { expect, test } from 'vitest';
import type { PayOutcome } from '../app/payments.ts';
import type { RedeemOutcome } from '../app/redeem.ts';
import type { MistakeKey } from '../pages/mistake.ts';
import { paymentProblem, redemptionProblem } from './outcomes.ts';
import { mistakeOfProblem } from './page-answers.ts';

type Refused = Exclude<RedeemOutcome, { kind: 'created' | 'replayed' }>;
type NotBegun = Exclude<PayOutcome, { kind: 'begun' }>;
/** An outcome of each kind, and what the page says of it; a kind that is missing here does not compile. */
type Told<Outcome extends { kind: string }> = {
  [Kind in Outcome['kind']]: [Omit<Extract<Outcome, { kind: Kind }>, 'kind'>, MistakeKey];
};

const redemptions: Told<Refused> = {
  'token-invalid': [{ cause: null }, 'mistake.invalid'],
  'not-bound': [{}, 'mistake.invalid'],
  'proof-missing': [{}, 'mistake.proof'],
  'proof-refused': [{ fault: { why: 'used' } }, 'mistake.proof'],
  'too-many-proofs': [{}, 'trouble.limited'],
  // The pages take another key, and show the form again.
  'key-reused': [{}, 'mistake.wrong'],
  'already-redeemed': [{ orderId: 'ord_1' }, 'mistake.redeemed'],
  'token-expired': [{}, 'mistake.expired'],
  'token-revoked': [{}, 'mistake.revoked'],
  'under-way': [{}, 'mistake.busy'],
  withdrawn: [{}, 'mistake.withdrawn'],
  'quantity-exceeded': [{ asked: 5, max: 2 }, 'mistake.quantity'],
  limited: [{ by: 'visitor' }, 'mistake.limit'],
  'foreign-product': [{ path: 'items.0.productId' }, 'checkout.formWrong'],
  'email-needed': [{}, 'mistake.emailNeeded'],
  'other-sale': [{}, 'mistake.invalid'],
  'sold-out': [{}, 'mistake.soldOut'],
  overloaded: [{}, 'mistake.away'],
  gone: [{}, 'mistake.away'],
  unavailable: [{ why: 'store' }, 'mistake.away'],
};
const payments: Told<NotBegun> = {
  'under-way': [{}, 'mistake.underWay'],
  'order-expired': [{}, 'mistake.orderExpired'],
  'not-payable': [{ state: 'paid' }, 'mistake.notPayable'],
  declined: [{ failure: 'card_declined' }, 'mistake.declined'],
  invalid: [{ path: 'card', message: 'is no card' }, 'failure.number'],
  unavailable: [{ why: 'provider' }, 'mistake.paymentAway'],
  'unknown-order': [{}, 'order.notShownText'],
};

/** `Told` has one row for each kind with that kind's evidence, which entries of an object forget. */
const outcomesOf = <Outcome extends { kind: string }>(told: Told<Outcome>) =>
  Object.entries<[object, MistakeKey]>(told).map(
    ([kind, [evidence, key]]) => [kind, { kind, ...evidence } as unknown as Outcome, key] as const,
  );

test.each(outcomesOf<Refused>(redemptions))(
  'a redemption that is refused as %s is told so that one knows what to do',
  (_, outcome, key) => expectTold(redemptionProblem(outcome), key),
);

test.each(outcomesOf<NotBegun>(payments))(
  'a payment that is refused as %s is told so that one knows what to do',
  (_, outcome, key) => expectTold(paymentProblem(outcome), key),
);

function expectTold(problem: Problem, key: MistakeKey): void {
  const mistake = mistakeOfProblem(problem);
  expect(mistake.key).toBe(key);
  expect(speechIn('en').say(mistake.key, mistake.values)).not.toMatch(/[{}]/);
}

test.each([
  ['email', 'email'],
  ['items.0.quantity', 'quantity'],
  ['items.3.productId', 'productId'],
  ['card', 'card'],
  ['language', null],
])('input that is wrong at %s is told at the field %s', (path, field) => {
  const problem = new Problem('invalid-request', {
    detail: 'Some of the input is not valid.',
    errors: [{ path, message: 'is wrong' }],
  });
  expect(mistakeOfProblem(problem).field).toBe(field);
});
