import { randomBytes } from 'node:crypto';
import { newId } from '@fairgate/shared/ids.ts';
import { expect, test } from 'vitest';
import { solveAltcha } from '../../../e2e/support/altcha.ts';
import { triesMin } from '../domain/difficulty.ts';
import { altchaSeconds } from './altcha.ts';
import type { ChallengeGateways } from './challenge-ports.ts';
import { saleChallenges } from './challenges.ts';

const away = { kind: 'unavailable', cause: 'away' } as const;

/** Challenges at a time that the test sets, with gateways that count and spend as it says. */
function challenges(gateways: Partial<ChallengeGateways> = {}) {
  const clock = { ms: 1_764_000_000_000, now: () => clock.ms };
  const spent: [string, string, number][] = [];
  const all: ChallengeGateways = {
    pressure: async () => ({ kind: 'counted', perMinute: 1 }),
    spend: async (...what) => {
      spent.push(what);
      return { kind: 'spent' };
    },
    ...gateways,
  };
  const parts = { gateways: all, altchaKey: randomBytes(32), turnstile: null, clock };
  return { clock, spent, challenges: saleChallenges(parts) };
}
const sale = { id: newId('sale'), challenge: 'altcha', challengeAt: ['join'] } as const;

async function offered(made: ReturnType<typeof challenges>, network: string | null = null) {
  const offer = await made.challenges.offer(sale, network);
  if (offer.kind !== 'challenge' || 'kind' in offer.json) throw new Error(offer.kind);
  return offer.json;
}
const spend = (made: ReturnType<typeof challenges>, solved: string) =>
  made.challenges.spend(sale, { step: 'join', solved, address: undefined });

test('what was spent is remembered for longer than it would be taken', async () => {
  const made = challenges();
  const solved = solveAltcha(await offered(made));
  made.clock.ms += (altchaSeconds - 1) * 1_000;
  expect(await spend(made, solved)).toEqual({ kind: 'passed' });
  expect(made.spent).toMatchObject([[sale.id, expect.any(String), 31]]);
  made.clock.ms += 1_000;
  expect(await spend(made, solved)).toEqual({ kind: 'failed', why: 'expired' });
  expect(made.spent).toHaveLength(1);
});

test('with the gateways away a challenge is given all the same, and none is taken', async () => {
  const made = challenges({ pressure: async () => away, spend: async () => away });
  const challenge = await offered(made, '203.0.113.0/24');
  expect(challenge.maxnumber).toBe(triesMin);
  expect(await spend(made, solveAltcha(challenge))).toEqual(away);
});

test('who is exempt is not counted', async () => {
  let counted = 0;
  const made = challenges({
    pressure: async () => {
      counted += 1;
      return { kind: 'counted', perMinute: 1_000 };
    },
  });
  expect((await offered(made)).maxnumber).toBe(triesMin);
  expect(counted).toBe(0);
  expect((await offered(made, '203.0.113.0/24')).maxnumber).toBeGreaterThan(triesMin);
});

test('without an account Turnstile is not offered, and its tokens are not judged', async () => {
  const made = challenges();
  const other = { ...sale, challenge: 'turnstile' } as const;
  expect((await made.challenges.offer(other, null)).kind).toBe('unavailable');
  const solution = { step: 'join', solved: 'token', address: undefined } as const;
  expect((await made.challenges.spend(other, solution)).kind).toBe('unavailable');
});
