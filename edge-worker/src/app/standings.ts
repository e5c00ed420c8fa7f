import type { Clock } from '@fairgate/shared/clock.ts';
import type { Lane } from '@fairgate/shared/place.ts';
import type { LookQuestion, LookReply } from '@fairgate/shared/room/room.ts';
import type { RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import { placeView, type Standing } from '../domain/place-view.ts';
import { ticketExpiry, ticketFallsShort } from '../domain/ticket-life.ts';
import { limits } from './limits.ts';
import type { PollOutcome } from './outcomes.ts';
import type { Gateways } from './ports.ts';
import type { SnapshotFound, Snapshots } from './snapshots.ts';
import { TwoGenerations } from './two-generations.ts';

export type Found = Extract<SnapshotFound, { kind: 'found' }>;

export type Standings = {
  /** The place of a ticket, given where it stands. */
  show(claims: TicketClaims, standing: Standing, ordinal: number, found: Found): PollOutcome;
  /** The place of a ticket as the room tells it, or as it last did when it cannot be reached. */
  ask(claims: TicketClaims, found: Found): Promise<PollOutcome>;
};

export function placeStandings(parts: {
  gateways: Gateways;
  snapshots: Snapshots;
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
}): Standings {
  const { gateways, snapshots, clock, random } = parts;
  /** What the room last said of places at or behind the frontier. */
  const lastSaid = new TwoGenerations<Standing>(limits.ticketsMax);

  const show: Standings['show'] = (claims, standing, ordinal, { snapshot, isStale }) => {
    const nowMs = clock.now();
    const { number, lane } = standing;
    const isSame = claims.n === number && claims.ord === ordinal && claims.lane === lane;
    const isGood = isSame && !ticketFallsShort(claims.exp, snapshot, nowMs);
    const place = placeView(standing, snapshot, { nowMs, random: random(), isStale });
    const own = { ...claims, n: number, ord: ordinal, lane };
    const renewed = isGood ? null : { ...own, exp: ticketExpiry(snapshot, nowMs) };
    return { kind: 'place', place, renewed };
  };

  return {
    show,
    async ask(claims, found) {
      const key = `${claims.sale}:${claims.sub}`;
      const answer = await gateways.look(claims.sale, questionOf(claims));
      const reply = answer.kind === 'answered' ? answer.replies[0] : undefined;
      if (reply?.state === 'revoked') return { kind: 'revoked' };
      const standing = reply && standingOf(reply);
      if (reply && standing) {
        lastSaid.set(key, standing);
        return show(claims, standing, reply.ordinal, found);
      }
      const isUnknown = answer.kind === 'unknown';
      if (isUnknown && !snapshots.isComingBack(claims.sale, answer.isEmptied, 'ticket')) {
        return { kind: 'unknown-sale' };
      }
      const said = lastSaid.get(key);
      const last = said?.number === claims.n ? said : waitingAt(claims, found.snapshot);
      return show(claims, last, claims.ord, { ...found, isStale: true });
    },
  };
}

export function questionOf(claims: TicketClaims): LookQuestion {
  const { sub: visitor, n: number, ord: ordinal, jkt, lane } = claims;
  return { visitor, number, ordinal, jkt, lane };
}

/** Where a ticket stands as long as nobody says otherwise: by its number, or the rank of that. */
export function waitingAt(
  { n: number, lane }: Pick<TicketClaims, 'n' | 'lane'>,
  { scoreOf }: Pick<RoomSnapshot, 'scoreOf'>,
): Standing {
  return { state: 'waiting', lane, number, score: scoreOf(number), untilMs: 0 };
}

/**
 * Whose place it is. `jkt`: thumbprint of the key that it is bound to; `isPerson`: it was got by the
 * shop's own login.
 */
export type Holder = { saleId: string; visitor: string } & Bonds;
export type Bonds = { jkt: string | null; isPerson: boolean };

export function newClaims(
  { saleId, visitor, jkt, isPerson }: Holder,
  place: { number: number; ordinal: number; lane: Lane },
  snapshot: RoomSnapshot,
  nowMs: number,
): TicketClaims {
  return {
    sale: saleId,
    sub: visitor,
    n: place.number,
    ord: place.ordinal,
    lane: place.lane,
    iat: Math.floor(nowMs / 1_000),
    exp: ticketExpiry(snapshot, nowMs),
    ...(jkt === null ? {} : { jkt }),
    ...(isPerson ? { idn: 1 } : {}),
  };
}

function standingOf(reply: LookReply): Standing | undefined {
  const { state, lane, number, score, untilMs } = reply;
  if (state === 'unknown' || state === 'revoked') return undefined;
  return { state, lane, number, score, untilMs };
}
