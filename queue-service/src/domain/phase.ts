import type { SalePhase, SaleState } from '@fairgate/shared/sale.ts';

/** draft → scheduled → (lobby) → open ⇄ paused → closed; by hand (actions) or by the clock. */
export const saleActions = ['publish', 'open', 'pause', 'resume', 'close'] as const;
export type SaleAction = (typeof saleActions)[number];

/** Everything that a sale's state follows from. Times in ms since the epoch. */
export type Standing = {
  phase: SalePhase;
  startsAt: number;
  endsAt: number | null;
  lobbySeconds: number;
  soldOut: boolean;
};

export type AdminState = SaleState | 'draft';

/** What admins see of a sale: `draft`, or the public state, by the same rules as `prelude.lua`. */
export function saleState(sale: Standing, nowMs: number): AdminState {
  if (sale.phase === 'draft') return 'draft';
  if (sale.phase === 'closed' || (sale.endsAt !== null && nowMs >= sale.endsAt)) return 'closed';
  if (sale.phase === 'paused') return 'paused';
  if (sale.phase !== 'open' && nowMs < sale.startsAt) {
    return nowMs >= sale.startsAt - sale.lobbySeconds * 1_000 ? 'lobby' : 'scheduled';
  }
  return sale.soldOut ? 'sold_out' : 'open';
}

/** `clock`: open once the start has passed or the sale was open before, and scheduled until then. */
type Step = Extract<SalePhase, 'open' | 'paused' | 'closed'> | 'clock' | 'same' | 'refused';
type Row = Record<AdminState, Step>;

const steps: Record<SaleAction, Row> = {
  publish: {
    draft: 'clock',
    scheduled: 'same',
    lobby: 'same',
    open: 'same',
    sold_out: 'same',
    paused: 'same',
    closed: 'refused',
  },
  open: {
    draft: 'refused',
    scheduled: 'open',
    lobby: 'open',
    open: 'open',
    sold_out: 'open',
    paused: 'refused',
    closed: 'refused',
  },
  // Before the lobby there is nothing to pause, and `paused` would let people join early.
  pause: {
    draft: 'refused',
    scheduled: 'refused',
    lobby: 'paused',
    open: 'paused',
    sold_out: 'paused',
    paused: 'same',
    closed: 'refused',
  },
  // A pause in the lobby resumes to the lobby, so that asking again there is no mistake.
  resume: {
    draft: 'refused',
    scheduled: 'refused',
    lobby: 'same',
    open: 'same',
    sold_out: 'same',
    paused: 'clock',
    closed: 'refused',
  },
  close: {
    draft: 'refused',
    scheduled: 'closed',
    lobby: 'closed',
    open: 'closed',
    sold_out: 'closed',
    paused: 'closed',
    closed: 'closed',
  },
};

export type Transition =
  | { kind: 'moved'; from: SalePhase; to: SalePhase }
  | { kind: 'already'; state: AdminState }
  | { kind: 'refused'; state: AdminState; action: SaleAction };

/** What an action does to a sale now. `openedBefore`: it has been open at some time. */
export function transition(
  action: SaleAction,
  sale: Standing,
  openedBefore: boolean,
  nowMs: number,
): Transition {
  const state = saleState(sale, nowMs);
  const step = steps[action][state];
  if (step === 'refused') return { kind: 'refused', state, action };
  if (step === 'same') return { kind: 'already', state };
  const byClock = openedBefore || nowMs >= sale.startsAt ? 'open' : 'scheduled';
  const to = step === 'clock' ? byClock : step;
  return to === sale.phase ? { kind: 'already', state } : { kind: 'moved', from: sale.phase, to };
}

/** What the clock alone asks for, or null: each is recorded once, by whoever comes first. */
export function dueTransition(sale: Standing, nowMs: number): 'open' | 'closed' | null {
  if (sale.phase === 'draft' || sale.phase === 'closed') return null;
  if (sale.endsAt !== null && nowMs >= sale.endsAt) return 'closed';
  return sale.phase === 'scheduled' && nowMs >= sale.startsAt ? 'open' : null;
}
