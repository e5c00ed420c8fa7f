import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import type { Values } from '@fairgate/shared/words/phrase.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';

/** What a refusal says of itself: the row, and what its document has besides. */
export type Refusal = {
  slug: ProblemSlug;
  reason?: string | undefined;
  /** The most that may be bought, where that was passed. */
  max?: number | undefined;
  /** Of the first mistake in the input. */
  path?: string | undefined;
};

export type MistakeKey = Extract<
  WordKey,
  | `mistake.${string}`
  | 'checkout.formWrong'
  | 'failure.number'
  | 'order.notShownText'
  | 'trouble.limited'
  | 'trouble.banned'
  | 'trouble.forbidden'
>;

/** The field that has to be changed, by its name in the form. */
export type MistakenField = 'productId' | 'quantity' | 'email' | 'card';

/** What went wrong, in words that say what to do. */
export type Mistake = { key: MistakeKey; values: Values; field: MistakenField | null };

/** Each row of the table of refusals; `wrong` stands where these pages never meet it. */
const bySlug: Record<ProblemSlug, MistakeKey> = {
  'invalid-request': 'checkout.formWrong',
  unauthorized: 'order.notShownText',
  'token-invalid': 'mistake.invalid',
  'token-expired': 'mistake.expired',
  'token-revoked': 'mistake.revoked',
  'proof-invalid': 'mistake.proof',
  'payment-declined': 'mistake.declined',
  forbidden: 'trouble.forbidden',
  banned: 'trouble.banned',
  'challenge-required': 'mistake.wrong',
  'challenge-failed': 'mistake.wrong',
  'not-found': 'order.notShownText',
  'method-not-allowed': 'mistake.wrong',
  conflict: 'mistake.busy',
  'sale-not-open': 'mistake.withdrawn',
  'not-admitted': 'mistake.wrong',
  'token-already-redeemed': 'mistake.redeemed',
  'sold-out': 'mistake.soldOut',
  'place-expired': 'mistake.expired',
  'order-expired': 'mistake.orderExpired',
  'precondition-failed': 'mistake.wrong',
  'payload-too-large': 'mistake.wrong',
  'unsupported-media-type': 'mistake.wrong',
  'quantity-exceeded': 'mistake.limit',
  'idempotency-key-reused': 'mistake.wrong',
  'rate-limited': 'trouble.limited',
  'payment-unavailable': 'mistake.paymentAway',
  unavailable: 'mistake.away',
};

/** Where the slug alone does not say what to do. */
const byReason: Partial<Record<string, MistakeKey>> = {
  'email-needed': 'mistake.emailNeeded',
  'payment-under-way': 'mistake.underWay',
  'not-payable': 'mistake.notPayable',
  'extended-before': 'mistake.extended',
};

/** What a shopper is told of a refusal: by the server's pages, and by their script. */
export function mistakeOf(refusal: Refusal): Mistake {
  const { slug, reason = '', max } = refusal;
  const field = fieldOf(refusal);
  if (slug === 'quantity-exceeded' && max !== undefined) {
    return { key: 'mistake.quantity', values: { count: max }, field: 'quantity' };
  }
  if (field === 'card') return { key: 'failure.number', values: {}, field };
  return { key: byReason[reason] ?? bySlug[slug], values: {}, field };
}

function fieldOf({ slug, path = '' }: Refusal): MistakenField | null {
  if (slug !== 'invalid-request') return null;
  if (path === 'email' || path === 'card') return path;
  if (path.endsWith('quantity')) return 'quantity';
  return path.endsWith('productId') ? 'productId' : null;
}

/** The phrases that a script needs to tell all of them. */
export const mistakeKeys: readonly MistakeKey[] = [
  ...new Set([
    ...Object.values(bySlug),
    ...Object.values(byReason).flatMap((key) => key ?? []),
    'mistake.quantity' as const,
    'mistake.offline' as const,
  ]),
];
