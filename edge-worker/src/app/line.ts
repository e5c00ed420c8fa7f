import type { Clock } from '@fairgate/shared/clock.ts';
import type { JoinQuestion, JoinReply } from '@fairgate/shared/room/room.ts';
import type { RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { Heartbeats } from './heartbeats.ts';
import type {
  JoinOutcome,
  LeaveOutcome,
  LookOutcome,
  PollOutcome,
  Refused,
  TakeOutcome,
} from './outcomes.ts';
import type { Gateways, Keep, Unavailable, UnknownSale } from './ports.ts';
import type { Snapshots } from './snapshots.ts';
import {
  type Bonds,
  type Found,
  type Holder,
  newClaims,
  questionOf,
  type Standings,
  waitingAt,
} from './standings.ts';

/** A visitor's way: `join -> poll ... poll -> take`, or `leave`. */
export type Line = {
  /** With the ticket that is shown, or as a newcomer. */
  join(saleId: string, joiner: JoinQuestion, bonds: Bonds): Promise<JoinOutcome>;
  poll(claims: TicketClaims, keep: Keep): Promise<PollOutcome>;
  /** Where the room has the place at this moment; a poll may rest on a snapshot of before. */
  look(claims: TicketClaims): Promise<LookOutcome>;
  take(claims: TicketClaims): Promise<TakeOutcome>;
  leave(claims: TicketClaims): Promise<LeaveOutcome>;
};

export type LineParts = {
  gateways: Gateways;
  snapshots: Snapshots;
  heartbeats: Heartbeats;
  standings: Standings;
  clock: Clock;
};

export function waitingLine(parts: LineParts): Line {
  return {
    join: joiner(parts),
    poll: poller(parts),
    look: looker(parts),
    take: taker(parts),
    leave: leaver(parts),
  };
}

/** Ahead of the frontier a poll rests on the ticket and the snapshot alone (D2). */
function poller({ snapshots, heartbeats, standings }: LineParts): Line['poll'] {
  return async (claims, keep) => {
    const search = snapshots.find(claims.sale, 'ticket');
    const found = search instanceof Promise ? await search : search;
    if (found.kind !== 'found') return notFound(found.kind);
    const { snapshot } = found;
    const question = questionOf(claims);
    if (heartbeats.isRevoked(claims.sale, question)) return { kind: 'revoked' };
    const standing = waitingAt(claims, snapshot);
    const isAhead = standing.score > snapshot.lanes[claims.lane].frontier;
    const isInRange = isRevoked(claims, snapshot);
    if (isAhead && isInRange) return { kind: 'revoked' };
    if (!isAhead || heartbeats.isElsewhere(claims.sale, question)) {
      const asked = await standings.ask(claims, found);
      if (asked.kind === 'revoked') heartbeats.markRevoked(claims.sale, question);
      // Who bought has bought, and nobody knows that without the room.
      const isOver = isInRange && asked.kind === 'place' && asked.place.state !== 'done';
      return isOver ? { kind: 'revoked' } : asked;
    }
    heartbeats.note(claims.sale, question, keep);
    return standings.show(claims, standing, claims.ord, found);
  };
}

function joiner(parts: LineParts): Line['join'] {
  return async (saleId, joiner, bonds) => {
    const jkt = bonds.jkt ?? undefined;
    const answer = await parts.gateways.join(saleId, { ...joiner, jkt });
    if (answer.kind !== 'answered') return refused(answer, saleId, 'sale', parts.snapshots);
    const found = await parts.snapshots.find(saleId, 'ticket');
    if (found.kind !== 'found') return notFound(found.kind);
    const { snapshot } = found;
    switch (answer.reply.outcome) {
      case 'unknown':
        return { kind: 'unknown-sale' };
      case 'sale-not-open': {
        const isToCome = snapshot.state === 'scheduled';
        return { kind: 'sale-not-open', startsAt: isToCome ? snapshot.info.startsAt : null };
      }
      case 'sold-out':
        return { kind: 'sold-out' };
      case 'too-many-places':
      case 'pass-spent':
      case 'revoked':
      case 'key-needed':
      case 'other-key':
        return { kind: answer.reply.outcome };
      case 'joined':
      case 'kept':
        return await placeOf(
          parts,
          { saleId, visitor: joiner.visitor, ...bonds },
          answer.reply,
          found,
        );
    }
  };
}

async function placeOf(
  parts: LineParts,
  holder: Holder,
  reply: JoinReply,
  found: Found,
): Promise<JoinOutcome> {
  const isNew = reply.outcome === 'joined';
  const claims = newClaims(holder, reply, found.snapshot, parts.clock.now());
  if (reply.state !== 'waiting') {
    const asked = await parts.standings.ask(claims, found);
    return asked.kind === 'place' ? { kind: 'joined', isNew, place: asked.place, claims } : asked;
  }
  if (found.snapshot.state === 'closed') return { kind: 'sale-not-open', startsAt: null };
  const { number, lane, ordinal, score } = reply;
  const standing = { ...waitingAt({ n: number, lane }, found.snapshot), score };
  const shown = parts.standings.show(claims, standing, ordinal, found);
  return shown.kind === 'place' ? { kind: 'joined', isNew, place: shown.place, claims } : shown;
}

function looker({ gateways, snapshots }: LineParts): Line['look'] {
  return async (claims) => {
    const answer = await gateways.look(claims.sale, questionOf(claims));
    if (answer.kind !== 'answered') return refused(answer, claims.sale, 'ticket', snapshots);
    return { kind: 'stands', state: answer.replies[0]?.state ?? 'unknown' };
  };
}

function taker({ gateways, snapshots }: LineParts): Line['take'] {
  return async (claims) => {
    const answer = await gateways.take(claims.sale, questionOf(claims));
    if (answer.kind !== 'answered') return refused(answer, claims.sale, 'ticket', snapshots);
    const { outcome, number, place, admittedAtMs, untilMs, promise } = answer.reply;
    switch (outcome) {
      case 'issued': {
        const admission = { jti: answer.jti, number, place, max: promise, admittedAtMs, untilMs };
        return { kind: 'issued', admission };
      }
      case 'unknown':
      case 'ordinal':
        return { kind: 'not-admitted' };
      case 'not-admitted': {
        const found = await snapshots.find(claims.sale, 'ticket');
        const isOver = found.kind === 'found' && found.snapshot.state === 'closed';
        return { kind: isOver ? 'expired' : 'not-admitted' };
      }
      case 'done':
      case 'expired':
      case 'left':
      case 'revoked':
      case 'key-needed':
      case 'other-key':
        return { kind: outcome };
    }
  };
}

function leaver({ gateways, snapshots, heartbeats }: LineParts): Line['leave'] {
  return async (claims) => {
    const answer = await gateways.leave(claims.sale, questionOf(claims));
    if (answer.kind !== 'answered') return refused(answer, claims.sale, 'ticket', snapshots);
    switch (answer.outcome) {
      case 'revoked':
      case 'key-needed':
      case 'other-key':
        return { kind: answer.outcome };
      case 'left':
      case 'kept':
        heartbeats.markElsewhere(claims.sale, questionOf(claims));
        return { kind: 'left' };
    }
  };
}

function isRevoked({ n }: TicketClaims, { revoked }: RoomSnapshot): boolean {
  return revoked.some(([from, to]) => n >= from && n <= to);
}

function notFound(kind: 'unknown' | 'unavailable'): Refused {
  return { kind: kind === 'unknown' ? 'unknown-sale' : 'unavailable' };
}

function refused(
  answer: UnknownSale | Unavailable,
  saleId: string,
  who: 'sale' | 'ticket',
  snapshots: Snapshots,
): Refused {
  if (answer.kind === 'unavailable') return answer;
  const isComing = snapshots.isComingBack(saleId, answer.isEmptied, who);
  return { kind: isComing ? 'unavailable' : 'unknown-sale' };
}
