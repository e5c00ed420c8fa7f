import type { ChallengeKind, ChallengeStep } from '@fairgate/shared/sale.ts';

/** What a sale asks for, and where. */
export type ChallengeWish = { challenge: ChallengeKind; challengeAt: readonly ChallengeStep[] };

/** Whether the sale asks for a challenge at that step; without one, at any. */
export function asksChallenge({ challenge, challengeAt }: ChallengeWish, step?: ChallengeStep) {
  if (challenge === 'none') return false;
  return step === undefined ? challengeAt.length > 0 : challengeAt.includes(step);
}
