import type { Clock } from '@fairgate/shared/clock.ts';
import type { ChallengeStep } from '@fairgate/shared/sale.ts';
import { asksChallenge, type ChallengeWish } from '../domain/challenge.ts';
import { triesFor } from '../domain/difficulty.ts';
import { type AltchaChallenge, issueAltcha, judgeAltcha } from './altcha.ts';
import type { ChallengeGateways } from './challenge-ports.ts';
import type { Unavailable } from './ports.ts';
import type { TurnstileVerifier } from './turnstile.ts';

export type Sale = ChallengeWish & { id: string };

/** `cData`: what a widget is to be given, so that its token fits; its action is the step. */
export type TurnstileOffer = { kind: 'turnstile'; siteKey: string; cData: string };

export type ChallengeOffer =
  | { kind: 'challenge'; json: AltchaChallenge | TurnstileOffer }
  | { kind: 'none-needed' }
  | Unavailable;

export type Solution = {
  step: ChallengeStep;
  solved: string | object;
  /** The shopper's address, where the platform names it. */
  address: string | undefined;
};

/** `why`: for the log alone. */
export type SolutionVerdict = { kind: 'passed' } | { kind: 'failed'; why: string } | Unavailable;

export type Challenges = {
  /** `network`: whose pressure counts; null where nobody's does. */
  offer(sale: Sale, network: string | null): Promise<ChallengeOffer>;
  /** Judges a solution, and spends it. */
  spend(sale: Sale, solution: Solution): Promise<SolutionVerdict>;
};

export type ChallengeParts = {
  gateways: ChallengeGateways;
  altchaKey: Buffer;
  /** Null where the edge has no account there. */
  turnstile: { siteKey: string; verify: TurnstileVerifier } | null;
  clock: Clock;
};

/** Clocks of locations differ: a spent challenge is remembered for a little longer than it lives. */
const skewSeconds = 30;
/** Tokens live for five minutes; the verifier may know an idempotency key for longer. */
const turnstileSeconds = 3_600;

const noTurnstile: Unavailable = {
  kind: 'unavailable',
  cause: 'the sale asks for Turnstile, and TURNSTILE_SITE_KEY and TURNSTILE_SECRET are not set',
};

/** `offer -> (solved in the browser) -> judge -> spend`. */
export function saleChallenges(parts: ChallengeParts): Challenges {
  const { gateways, altchaKey, turnstile, clock } = parts;
  return {
    async offer(sale, network) {
      if (!asksChallenge(sale)) return { kind: 'none-needed' };
      if (sale.challenge === 'turnstile') {
        if (turnstile === null) return noTurnstile;
        const json = { kind: 'turnstile', siteKey: turnstile.siteKey, cData: sale.id } as const;
        return { kind: 'challenge', json };
      }
      const pressure = network === null ? null : await gateways.pressure(network);
      // Nobody waits for a count that cannot be had; the limits of joins hold all the same.
      const perMinute = pressure?.kind === 'counted' ? pressure.perMinute : 0;
      const wish = { saleId: sale.id, tries: triesFor(perMinute), nowMs: clock.now() };
      return { kind: 'challenge', json: issueAltcha(altchaKey, wish) };
    },

    async spend(sale, solution) {
      const judged = await judge(parts, sale, solution);
      if (judged.kind !== 'solved') return judged;
      const spent = await gateways.spend(sale.id, judged.id, judged.seconds);
      switch (spent.kind) {
        case 'spent':
          return { kind: 'passed' };
        case 'spent-before':
          return { kind: 'failed', why: 'spent before' };
        case 'unavailable':
          return spent;
      }
    },
  };
}

type Judged =
  /** `id`: what is spent, and for how long that has to be remembered. */
  { kind: 'solved'; id: string; seconds: number } | Exclude<SolutionVerdict, { kind: 'passed' }>;

async function judge(parts: ChallengeParts, sale: Sale, solution: Solution): Promise<Judged> {
  if (sale.challenge === 'turnstile') return await judgeTurnstile(parts, sale, solution);
  const nowMs = parts.clock.now();
  const verdict = judgeAltcha(parts.altchaKey, solution.solved, { saleId: sale.id, nowMs });
  if (verdict.kind !== 'solved') return { kind: 'failed', why: verdict.kind };
  const seconds = Math.ceil((verdict.expiresAtMs - nowMs) / 1_000) + skewSeconds;
  return { kind: 'solved', id: verdict.id, seconds };
}

async function judgeTurnstile(
  { turnstile }: ChallengeParts,
  sale: Sale,
  { step, solved, address }: Solution,
): Promise<Judged> {
  if (turnstile === null) return noTurnstile;
  if (typeof solved !== 'string') return { kind: 'failed', why: 'malformed' };
  const verdict = await turnstile.verify({ token: solved, saleId: sale.id, step, address });
  switch (verdict.kind) {
    case 'solved':
      return { kind: 'solved', id: verdict.id, seconds: turnstileSeconds };
    case 'refused':
      return { kind: 'failed', why: verdict.codes.join(', ') };
    case 'elsewhere':
      return { kind: 'failed', why: `another ${verdict.what}: ${verdict.given}` };
    case 'no-verdict':
      return { kind: 'unavailable', cause: verdict.cause };
  }
}
