import { spentKey } from '@fairgate/shared/challenge/spent.ts';
import type { Redis } from 'ioredis';
import type { ChallengeGateways } from '../app/challenge-ports.ts';

/** One SET NX with an expiry: of all that come with the same challenge, from anywhere, one passes. */
export function spentChallenges(
  redis: Pick<Redis, 'set'>,
  whenReady: () => Promise<void>,
): ChallengeGateways['spend'] {
  return async (saleId, challengeId, seconds) => {
    try {
      await whenReady();
      const set = await redis.set(spentKey(saleId, challengeId), '1', 'EX', seconds, 'NX');
      return { kind: set === 'OK' ? 'spent' : 'spent-before' };
    } catch (error) {
      return { kind: 'unavailable', cause: String(error) };
    }
  };
}
