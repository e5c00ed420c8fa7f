import type { Unavailable } from './ports.ts';

export type PressureAnswer = { kind: 'counted'; perMinute: number } | Unavailable;
export type SpendAnswer = { kind: 'spent' } | { kind: 'spent-before' } | Unavailable;

/** What gateways do for challenges. Nothing here throws. */
export type ChallengeGateways = {
  /** Counts a challenge that a network (`pressureNetwork`) asks for, and tells of the last minute. */
  pressure(network: string): Promise<PressureAnswer>;
  /** Spends a solved challenge in a sale, once for everybody; it is remembered for `seconds`. */
  spend(saleId: string, challengeId: string, seconds: number): Promise<SpendAnswer>;
};
