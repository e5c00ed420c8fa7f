/**
 * A token whose redemption is under way, or that a fault of ours kept from being spent: what this
 * instance itself saw, by its own clock.
 */
export type Trouble = {
  saleId: string;
  visitor: string;
  /** The token's `exp`. */
  expMs: number;
  /** When the first try began that failed, or the one that is under way. */
  sinceMs: number;
  /** When the last failed try was answered; null: none has failed. */
  failedAtMs: number | null;
  /** When the try under way began; null: none is. */
  triedAtMs: number | null;
  /** Its time was given back. */
  isTold: boolean;
};

export type TroubleBounds = {
  /** Without another try for so long, the fault is as long as it was. */
  quietMs: number;
  /** With less left than this the room is told at once: it gives nothing to a dead token. */
  lastMomentMs: number;
  /** A try that takes so long, in the last moment, is a fault of ours already. */
  slowMs: number;
  /** What is given beside the time that the fault took: for reading what happened, and trying again. */
  extraMs: number;
};

/** `give`: tell the room, `ms` being how much. `forget`: nothing is left to give to. */
export type TroubleVerdict = { kind: 'wait' } | { kind: 'forget' } | { kind: 'give'; ms: number };

export function judgeTrouble(
  trouble: Trouble,
  nowMs: number,
  bounds: TroubleBounds,
): TroubleVerdict {
  const { expMs, sinceMs, failedAtMs, triedAtMs, isTold } = trouble;
  if (nowMs >= expMs) return { kind: triedAtMs === null ? 'forget' : 'wait' };
  const isLastMoment = expMs - nowMs < bounds.lastMomentMs;
  const isQuiet = triedAtMs === null && nowMs - (failedAtMs ?? nowMs) >= bounds.quietMs;
  const isSlow = triedAtMs !== null && nowMs - triedAtMs >= bounds.slowMs;
  const isDue = failedAtMs === null ? isSlow && isLastMoment : isQuiet || isLastMoment;
  if (isTold || !isDue) return { kind: 'wait' };
  return { kind: 'give', ms: nowMs - sinceMs + bounds.extraMs };
}
