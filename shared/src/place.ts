import type { SaleState } from './sale.ts';

/** The lanes of a line. Each is let in in its own order. */
export const lanes = ['main', 'priority'] as const;
export type Lane = (typeof lanes)[number];

export const placeStates = [
  'lobby',
  'waiting',
  'admitted',
  'issued',
  'done',
  'expired',
  'left',
] as const;
export type PlaceState = (typeof placeStates)[number];

export type Outlook = {
  kind: 'likely' | 'unlikely' | 'sold_out';
  unitsLeft: number;
  unitsHeld: number;
};

/** A visitor's standing in a sale's line, as CONTRACT.md section 3 shows it. */
export type Place = {
  state: PlaceState;
  number: number;
  ahead: number | null;
  behind: number | null;
  etaSeconds: { low: number; high: number } | null;
  pollAfterSeconds: number;
  lane: Lane;
  admittedUntil?: string;
  saleState: SaleState;
  message: string;
  outlook: Outlook;
  /** In a drawn lottery, of an entrant: the number that was drawn; `number` is the rank then. */
  lobbyNumber?: number;
  stale?: true;
  /** A fault of ours keeps everybody where they are; nobody loses their place. */
  halted?: true;
};
