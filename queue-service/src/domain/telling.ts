import type { Lane } from '@fairgate/shared/place.ts';
import type { Positions, RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { StandingReply } from '@fairgate/shared/room/standings.ts';

export const placeNoticeKinds = ['soon', 'your-turn', 'sold-out'] as const;
export type PlaceNoticeKind = (typeof placeNoticeKinds)[number];

/** Asks by mail whether it was they who gave their address anew, of whoever had unsubscribed. */
export const againKind = 'again';

/** What it is about: whose unsubscribing, and when (ms). */
export function againAbout(recipient: string, unsubscribedAt: number | null): string {
  return `${recipient}.${unsubscribedAt ?? ''}`;
}

/** What is told first, 1 before all else: a turn passes, and of an end it is never too late to hear. */
export const urgencies = { 'your-turn': 1, soon: 2, order: 3, 'sold-out': 4 } as const;
/** Of those up to here nobody is kept waiting by a crowd that is told of the end. */
export const urgentUpTo = urgencies.soon;

/** Of a place's notice, or of one of an order. */
export function urgencyOf(notice: string): number {
  const kind = placeNoticeKinds.find((one) => one === notice);
  return urgencies[kind ?? 'order'];
}

/** So long before their turn people are told: to find the phone, and the page. */
const soonSeconds = 180;
/** When the admissions of the last minute say how fast the line moves. */
const measuredAfterMs = 65_000;
const minuteMs = 60_000;

/** After this long nobody is helped by it any more; a turn has its own deadline. */
const usefulMs = {
  soon: 10 * minuteMs,
  'sold-out': 6 * 60 * minuteMs,
  [againKind]: 6 * 60 * minuteMs,
} as const;

/** Until when a notice is worth being sent, in ms. `untilMs`: the admission's deadline. */
export function usefulUntil(
  kind: PlaceNoticeKind | typeof againKind,
  nowMs: number,
  untilMs: number,
): number {
  return kind === 'your-turn' ? untilMs : nowMs + usefulMs[kind];
}

/**
 * The score up to which people of a lane will be let in within three minutes, as far as the pace of the line
 * tells; null where nobody will: it is paused, over, halted, or nothing is left to be had.
 */
export function soonUpTo(snapshot: RoomSnapshot, lane: Lane, nowMs: number): number | null {
  const isBefore = snapshot.state === 'lobby' || snapshot.state === 'scheduled';
  if (snapshot.halted || isUndrawn(snapshot)) return null;
  if (!isBefore && snapshot.state !== 'open') return null;
  const startSeconds = isBefore ? Math.max(0, snapshot.startsAt - nowMs) / 1_000 : 0;
  const seconds = soonSeconds - startSeconds;
  const rate = perMinute(snapshot, nowMs) * laneShare(snapshot, lane);
  if (seconds <= 0 || rate <= 0) return null;
  const among = Math.ceil((rate * seconds) / 60);
  const count = snapshot.guaranteeStock ? Math.min(among, snapshot.budget) : among;
  return count < 1 ? null : scoreAt(snapshot.lanes[lane].positions, count - 1);
}

/** Of a lottery whose lobby has no ranks yet. */
export function isUndrawn({ info, drawn }: RoomSnapshot): boolean {
  return info.mode === 'lottery' && drawn === null;
}

function perMinute(snapshot: RoomSnapshot, nowMs: number): number {
  const { state, startsAt, admitPerMinute, admittedPerMinute } = snapshot;
  const isMeasured = state === 'open' && nowMs - startsAt > measuredAfterMs;
  // A line that stands because tokens are being spent moves on with them; nobody knows when.
  return isMeasured ? Math.min(admitPerMinute, admittedPerMinute) : admitPerMinute;
}

function laneShare({ lanes, priorityShare }: RoomSnapshot, lane: Lane): number {
  const other = lane === 'main' ? lanes.priority : lanes.main;
  if (other.positions.waiting === 0) return 1;
  return lane === 'priority' ? priorityShare : 1 - priorityShare;
}

/** The score that so many stand ahead of; the reverse of `aheadOf`. */
export function scoreAt({ head, breaks, waiting, last }: Positions, ahead: number): number {
  const own = head[ahead];
  if (own !== undefined) return own;
  // Fewer wait than that: the numbers behind the last one are who came since, at the end of the line.
  if (ahead >= waiting - 1) return last + ahead + 1 - waiting;
  let below = { score: head.at(-1) ?? 0, rank: Math.max(0, head.length - 1) };
  for (const mark of breaks) {
    if (mark.rank >= ahead) {
      const share = (ahead - below.rank) / Math.max(1, mark.rank - below.rank);
      return below.score + share * (mark.score - below.score);
    }
    below = mark;
  }
  return below.score;
}

/** Everything is sold, and nothing is held that might come back. */
export function isSoldOut({ state, stock, unitsLeft, unitsHeld }: RoomSnapshot): boolean {
  return (
    state === 'sold_out' ||
    (state === 'closed' && stock.size > 0 && unitsLeft === 0 && unitsHeld === 0)
  );
}

/**
 * Whether what a notice says is so of whoever stands there. A place that this room has not heard of
 * (Redis was emptied) is where its ticket says: waiting.
 */
export function isSo(kind: PlaceNoticeKind, { state, untilMs }: StandingReply, nowMs: number) {
  switch (state) {
    case 'waiting':
    case 'away':
    case 'unknown':
      return kind !== 'your-turn';
    case 'admitted':
    case 'issued':
      return kind === 'your-turn' && nowMs < untilMs;
    case 'done':
    case 'expired':
    case 'left':
    case 'revoked':
      return false;
  }
}
