import { isoTime } from '@fairgate/shared/clock.ts';
import type { Place, PlaceState } from '@fairgate/shared/place.ts';
import type { LookReply } from '@fairgate/shared/room/room.ts';
import { aheadOf, type RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { SaleState } from '@fairgate/shared/sale.ts';
import { etaRange } from './eta.ts';
import { isEndNear, outlookOf } from './outlook.ts';
import { pollAfterSeconds } from './poll-interval.ts';

/** Where a visitor stands as far as the room, or the ticket and the frontier, tell. */
export type Standing = {
  state: Exclude<LookReply['state'], 'unknown'>;
  number: number;
  /** Where in the line; only of use while waiting. */
  score: number;
  /** Deadline of the admission in ms; 0 where there is none. */
  untilMs: number;
};

export type Moment = { nowMs: number; random: number; isStale: boolean };

/** The place of CONTRACT.md section 3, from a standing and the snapshot. */
export function placeView(standing: Standing, snapshot: RoomSnapshot, moment: Moment): Place {
  const state = placeState(standing.state, snapshot.state);
  const inLine = state === 'lobby' || state === 'waiting';
  const isAdmitted = state === 'admitted' || state === 'issued' || state === 'done';
  const ahead = inLine ? aheadOf(snapshot.positions, standing.score) : 0;
  const eta = inLine ? etaRange(snapshot, ahead, moment.nowMs) : null;
  const { abandonSeconds, tokenSeconds } = snapshot;
  const until = state === 'admitted' || state === 'issued' ? standing.untilMs : 0;
  return {
    state,
    number: standing.number,
    ahead: inLine || isAdmitted ? ahead : null,
    behind: behindOf(inLine, isAdmitted, ahead, snapshot.waiting),
    etaSeconds: eta,
    pollAfterSeconds: pollAfterSeconds(
      { state, eta, ahead, isEndNear: isEndNear(snapshot), abandonSeconds, tokenSeconds },
      moment.random,
    ),
    lane: 'main',
    ...(until > 0 ? { admittedUntil: isoTime(until) } : {}),
    saleState: snapshot.state,
    message: snapshot.message,
    outlook: outlookOf(snapshot, ahead, isAdmitted),
    ...(inLine && snapshot.halted ? { halted: true as const } : {}),
    ...(moment.isStale ? { stale: true as const } : {}),
  };
}

/** Before the start a waiting place is in the lobby; with the sale closed its wait is over. */
export function placeState(room: Standing['state'], sale: SaleState): PlaceState {
  if (room !== 'waiting') return room;
  switch (sale) {
    case 'scheduled':
    case 'lobby':
      return 'lobby';
    case 'open':
    case 'paused':
    case 'sold_out':
      return 'waiting';
    case 'closed':
      return 'expired';
  }
}

function behindOf(
  inLine: boolean,
  isAdmitted: boolean,
  ahead: number,
  waiting: number,
): number | null {
  if (inLine) return Math.max(0, waiting - ahead - 1);
  return isAdmitted ? waiting : null;
}
