import type { WordKey } from './texts.ts';

/** All that is told of refusals: a script that tells them needs all of them. */
export type TroubleText =
  | 'join.needsScript'
  | 'place.doneText'
  | 'trouble.away'
  | 'trouble.banned'
  | 'trouble.challenge'
  | 'trouble.email'
  | 'trouble.forbidden'
  | 'trouble.invalid'
  | 'trouble.limited'
  | 'trouble.mistake'
  | 'trouble.notAdmitted'
  | 'trouble.notFound'
  | 'trouble.notOpen'
  | 'trouble.otherDevice'
  | 'trouble.passSpent'
  | 'trouble.placeExpired'
  | 'trouble.revoked'
  | 'trouble.signIn'
  | 'trouble.soldOut'
  | 'trouble.tooManyPlaces';
type Told = { title: Extract<WordKey, `${string}Title` | 'trouble.title'>; text: TroubleText };

/** What of a problem document says what to tell: its slug, its reason, what was wrong in the input. */
export type Refusal = { slug: string; reason?: string | undefined; path?: string | undefined };

const title = 'trouble.title';
const away: Told = { title: 'trouble.awayTitle', text: 'trouble.away' };
const missing: Told = { title: 'trouble.notFoundTitle', text: 'trouble.notFound' };

/** By slug, or by slug and reason or path of the first mistake. */
const told: Readonly<Record<string, Told>> = {
  banned: { title: 'trouble.bannedTitle', text: 'trouble.banned' },
  'rate-limited': { title: 'trouble.limitedTitle', text: 'trouble.limited' },
  'rate-limited too-many-places': {
    title: 'trouble.limitedTitle',
    text: 'trouble.tooManyPlaces',
  },
  unavailable: away,
  'payment-unavailable': away,
  'not-found': missing,
  'method-not-allowed': missing,
  'challenge-required': { title, text: 'trouble.challenge' },
  'challenge-failed': { title, text: 'trouble.challenge' },
  conflict: { title, text: 'trouble.otherDevice' },
  'conflict pass-spent': { title, text: 'trouble.passSpent' },
  'proof-invalid': { title, text: 'trouble.otherDevice' },
  'token-revoked': { title, text: 'trouble.revoked' },
  unauthorized: { title, text: 'trouble.signIn' },
  'token-invalid': { title, text: 'trouble.placeExpired' },
  'token-expired': { title, text: 'trouble.placeExpired' },
  'sale-not-open': { title, text: 'trouble.notOpen' },
  'sold-out': { title, text: 'trouble.soldOut' },
  'not-admitted': { title, text: 'trouble.notAdmitted' },
  'place-expired': { title, text: 'trouble.placeExpired' },
  'token-already-redeemed': { title: 'place.doneTitle', text: 'place.doneText' },
  forbidden: { title, text: 'trouble.forbidden' },
  'invalid-request publicKey': { title, text: 'join.needsScript' },
  'invalid-request pass': { title, text: 'trouble.passSpent' },
  'invalid-request email': { title, text: 'trouble.email' },
  'invalid-request cursor': { title, text: 'trouble.mistake' },
};

/** What a shopper is told of a refusal; the slug alone where its reason makes no difference. */
export function troubleOf({ slug, reason, path }: Refusal): Told {
  const more = reason ?? path;
  return told[`${slug} ${more}`] ?? told[slug] ?? { title, text: 'trouble.invalid' };
}
