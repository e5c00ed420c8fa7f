import { isoTime } from '@fairgate/shared/clock.ts';
import { type Lane, lanes, type Place, type PlaceState } from '@fairgate/shared/place.ts';
import type { LookReply } from '@fairgate/shared/room/room.ts';
import { aheadOf, type RoomSnapshot, shownNumber } from '@fairgate/shared/room/snapshot.ts';
import type { SaleState } from '@fairgate/shared/sale.ts';
import { etaRange } from './eta.ts';
import { isEndNear, outlookOf } from './outlook.ts';
import { pollAfterSeconds } from './poll-interval.ts';

/** Where a visitor stands as far as the room, or the ticket and the frontier, tell. */
export type Standing = {
  state: Exclude<LookReply['state'], 'unknown' | 'revoked'>;
  lane: Lane;
  /** The place's own, which a draw does not change. */
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
  const { lane, number } = standing;
  const inLine = state === 'lobby' || state === 'waiting';
  const isAdmitted = state === 'admitted' || state === 'issued' || state === 'done';
  // Before the draw nobody stands anywhere.
  const isRanked = !inLine || !isUndrawn(snapshot);
  const ahead = inLine && isRanked ? aheadOf(snapshot.lanes[lane].positions, standing.score) : 0;
  // Of all that wait to be drawn, half will have no more than half of them ahead.
  const expected = isRanked ? ahead : Math.floor(snapshot.waiting / 2);
  const share = laneShare(snapshot, lane);
  const pace = { ...snapshot, laneShare: share };
  const eta = inLine && isRanked ? etaRange(pace, ahead, moment.nowMs) : null;
  const { abandonSeconds, tokenSeconds } = snapshot;
  const until = state === 'admitted' || state === 'issued' ? standing.untilMs : 0;
  const shown = shownNumber(snapshot, number);
  const isEntrant = snapshot.drawn !== null && number <= snapshot.drawn.entrants;
  const { waiting } = snapshot.lanes[lane].positions;
  return {
    state,
    number: shown,
    ahead: isRanked && (inLine || isAdmitted) ? ahead : null,
    behind: isRanked ? behindOf(inLine, isAdmitted, ahead, waiting) : null,
    etaSeconds: eta,
    pollAfterSeconds: pollAfterSeconds(
      { state, eta, ahead: expected, isEndNear: isEndNear(snapshot), abandonSeconds, tokenSeconds },
      moment.random,
    ),
    lane,
    ...(isEntrant ? { lobbyNumber: number } : {}),
    ...(until > 0 ? { admittedUntil: isoTime(until) } : {}),
    saleState: snapshot.state,
    message: snapshot.message,
    outlook: outlookOf(snapshot, isRanked ? before(snapshot, lane, ahead) : expected, isAdmitted),
    ...(inLine && snapshot.halted ? { halted: true as const } : {}),
    ...(moment.isStale ? { stale: true as const } : {}),
  };
}

function isUndrawn({ info, drawn }: RoomSnapshot): boolean {
  return info.mode === 'lottery' && drawn === null;
}

/** What a lane gets of all admissions: all of it while no other waits. */
function laneShare({ lanes: views, priorityShare }: RoomSnapshot, lane: Lane): number {
  const other = views[otherThan(lane)];
  if (other.positions.waiting === 0) return 1;
  return lane === 'priority' ? priorityShare : 1 - priorityShare;
}

/** How many are let in before whoever has so many ahead in their lane, those of the other included. */
function before(snapshot: RoomSnapshot, lane: Lane, ahead: number): number {
  const { waiting } = snapshot.lanes[otherThan(lane)].positions;
  const share = laneShare(snapshot, lane);
  const others = share > 0 ? (ahead * (1 - share)) / share : waiting;
  return ahead + Math.min(waiting, others);
}

function otherThan(lane: Lane): Lane {
  return lane === lanes[0] ? lanes[1] : lanes[0];
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
