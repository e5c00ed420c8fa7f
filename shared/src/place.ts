import { z } from 'zod';
import { saleStates } from './sale.ts';

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

const count = z.int().min(0);

export const outlookSchema = z.object({
  kind: z.enum(['likely', 'unlikely', 'sold_out']),
  unitsLeft: count.describe('free units'),
  unitsHeld: count.describe('held by orders that are not paid, and may come back'),
});
export type Outlook = z.infer<typeof outlookSchema>;

/** A visitor's standing in a sale's line, as CONTRACT.md section 3 shows it. */
export const placeSchema = z.object({
  state: z.enum(placeStates),
  number: z.int().min(1).describe('of the place; in a drawn lottery the rank'),
  ahead: count.nullable().describe('people who are still there; null before a draw'),
  behind: count.nullable(),
  etaSeconds: z.object({ low: count, high: count }).nullable(),
  pollAfterSeconds: z.number().min(0).describe('when to ask again'),
  lane: z.enum(lanes),
  admittedUntil: z.exactOptional(z.iso.datetime()),
  saleState: z.enum(saleStates),
  message: z.string(),
  outlook: outlookSchema,
  lobbyNumber: z
    .exactOptional(z.int())
    .describe('in a drawn lottery, of an entrant: the number that was drawn'),
  stale: z.exactOptional(z.literal(true)).describe('by an old snapshot: the room is away'),
  halted: z
    .exactOptional(z.literal(true))
    .describe('a fault of ours keeps everybody where they are; nobody loses their place'),
});
export type Place = z.infer<typeof placeSchema>;
