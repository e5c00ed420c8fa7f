import type { PlaceState } from '@fairgate/shared/place.ts';
import type { EtaRange } from './eta.ts';

export type PollQuestion = {
  state: PlaceState;
  /** Null while nothing moves (paused, rate 0, sold out, every unit promised). */
  eta: EtaRange | null;
  ahead: number;
  /** What is left goes within a minute, to a few of those who wait. */
  isEndNear: boolean;
  abandonSeconds: number;
  tokenSeconds: number;
};

/** Near the front every poll may be the one that says "your turn". */
const nearSeconds = 2;
/** Half a minute keeps a million people at some 33,000 polls a second. */
const farSeconds = 30;
/**
 * Of those far back, when they are about to be told that it is over, or wait for the line to move
 * again: all of them together never make more than half as many polls again as in any other minute.
 */
const farSoonSeconds = farSeconds / 1.5;
/** Nothing moves, but for those near the front it may start to at any moment. */
const standstillSeconds = 10;
const standstillNear = 1_000;
/** An admitted shopper looks at a deadline; the poll only notices that it passed. */
const admittedSeconds = 3;

/**
 * When to ask again, in whole seconds: a quarter of the expected wait, between 2 and 30, at
 * least three times within `abandonSeconds` and twice within `tokenSeconds`, and never in step.
 * `random` is in [0, 1) and moves it by up to 20 % either way.
 */
export function pollAfterSeconds(question: PollQuestion, random: number): number {
  const ceiling = ceilingSeconds(question);
  const base = Math.min(baseSeconds(question), ceiling / 1.2);
  const jittered = Math.round(base * (0.8 + 0.4 * random));
  return Math.max(1, Math.min(jittered, Math.floor(ceiling)));
}

function baseSeconds({ state, eta, ahead, isEndNear }: PollQuestion): number {
  switch (state) {
    case 'lobby':
    case 'waiting':
      if (!eta) return ahead < standstillNear ? standstillSeconds : farSoonSeconds;
      return Math.min(
        isEndNear ? farSoonSeconds : farSeconds,
        Math.max(nearSeconds, (eta.low + eta.high) / 8),
      );
    case 'admitted':
    case 'issued':
      return admittedSeconds;
    case 'done':
    case 'expired':
    case 'left':
      return farSeconds;
  }
}

function ceilingSeconds({ abandonSeconds, tokenSeconds }: PollQuestion): number {
  return Math.max(1, Math.min(abandonSeconds / 3, tokenSeconds / 2, farSeconds * 1.2));
}
