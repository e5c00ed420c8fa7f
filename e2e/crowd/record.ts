import type { OrderAnswer } from '../support/shapes.ts';

/** Where a shopper stands; the later ones are ends. */
export const stages = [
  'coming',
  'waiting',
  'admitted',
  'holding',
  'paid',
  'left',
  'unpaid',
  'absent',
  'expired',
  'without',
  'failed',
] as const;
export type Stage = (typeof stages)[number];

/** What one shopper saw and did. Times are ms since the epoch, of this machine. */
export type ShopperRecord = {
  index: number;
  stage: Stage;
  joinSentMs?: number;
  joinAnsweredMs?: number;
  number?: number;
  /** The longest time between two answered polls: whoever is silent for long counts as absent. */
  silenceMs: number;
  admittedSeenMs?: number;
  /** As the room says it; the same for all who were let in together. */
  admittedUntilMs?: number;
  /** Of the purchase token: the second of the admission. */
  issuedAtSeconds?: number;
  /** Let in with a promise of stock, and yet told that nothing is left. */
  wasRefusedUnits: boolean;
  wasDeclined: boolean;
  order?: OrderAnswer;
  /** Why it failed, for `failed` alone. */
  failure?: string;
};

export function newRecord(index: number): ShopperRecord {
  return { index, stage: 'coming', silenceMs: 0, wasRefusedUnits: false, wasDeclined: false };
}
