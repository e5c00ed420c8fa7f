import type { LookReply } from '@fairgate/shared/room/room.ts';
import { expectThat } from './broken.ts';
import { checkAdmissions, checkClaims, checkOrder, checkStock } from './checks.ts';
import type { RoomSide } from './room-side.ts';
import { isRevoked, type Place, type Visitor, type World } from './world.ts';

/** A known gap: so much is told to be given back while a gap lasts that then is too short to count. */
const shortGapMs = 2_000;

export type Admitted = { visitor: Visitor; place: Place };

/**
 * After each step: what would everybody be told -> may that be, after what was known of them ->
 * who was let in, and might they be -> what is known of them now.
 */
export async function observe(world: World, real: RoomSide, mayAdmit: boolean): Promise<void> {
  if (world.isLost) return;
  const known = world.visitors.flatMap((visitor) => {
    return visitor.place === null ? [] : [{ visitor, place: visitor.place }];
  });
  const replies = await real.peek(
    known.map(({ visitor, place }) => ({ visitor: visitor.id, ...place.ticket })),
  );
  const admitted: Admitted[] = [];
  const standing: { place: Place; score: number; id: string }[] = [];
  for (const [i, one] of known.entries()) {
    const reply = replies[i];
    if (reply === undefined) throw new Error('the room gave too few answers');
    checkMove(world, one.visitor, one.place, reply, mayAdmit);
    if (one.place.state === 'waiting' && reply.state === 'admitted') admitted.push(one);
    if (one.place.state === 'waiting' && reply.state === 'waiting') {
      standing.push({ place: one.place, score: reply.score, id: one.visitor.id });
    }
  }
  for (const [i, { place }] of known.entries()) {
    const reply = replies[i];
    if (reply !== undefined) takeOver(place, reply);
  }
  if (mayAdmit) checkAdmissions(world, admitted, known);
  checkOrder(standing);
  checkClaims(world);
  checkStock(world.ledger);
}

/** 7.6: a place stays what it is, and under its number, but for what its shopper or time did. */
function checkMove(
  world: World,
  { id }: Visitor,
  place: Place,
  reply: LookReply,
  mayAdmit: boolean,
): void {
  const told = `${id} (${place.state}, ${place.ticket.number})`;
  const tokens = [...world.ledger.tokens.values()].filter(({ visitor }) => visitor === id);
  const hasSpent = tokens.some(({ fate }) => fate === 'spent');
  const hasLapsed = tokens.some(
    ({ fate, number }) => fate === 'lapsed' && number === place.ticket.number,
  );
  const isOver = world.now >= place.until - shortGapMs;
  const isGone = isRevoked(world, id, place.ticket.number);
  expectThat('7.9', !isGone || reply.state === 'revoked' || reply.state === 'done', () => {
    return `${told} was revoked, and is ${reply.state}`;
  });
  const may = {
    waiting: place.state === 'waiting' || (place.state === 'ended' && !place.isBack),
    admitted: place.state === 'admitted' || (place.state === 'waiting' && mayAdmit),
    issued: place.state === 'issued',
    done: hasSpent,
    expired: place.state === 'ended' || isOver || hasLapsed,
    left: place.state === 'ended',
    revoked: isGone,
    unknown: false,
  }[reply.state];
  expectThat('7.6', may, () => `${told} is ${reply.state} (${reply.number})`);
  expectThat('7.6', place.state !== 'done' || reply.state === 'done', () => {
    return `${told} bought, and is ${reply.state} again`;
  });
  if (place.state === 'admitted' || place.state === 'issued') {
    // Time in which nobody can buy is given back, once it turns out to be long enough.
    const isAlive = reply.state === place.state && reply.untilMs >= place.until - shortGapMs;
    const isEnded = reply.state === 'done' || isGone || hasLapsed || isOver;
    expectThat('7.4', isAlive || isEnded, () => {
      return `${told} was let in until ${place.until}, and is ${reply.state} until ${reply.untilMs}`;
    });
  }
  if (reply.state === 'waiting' || reply.state === 'admitted') {
    expectThat('7.6', reply.number === place.ticket.number, () => {
      return `${told} has number ${reply.number}`;
    });
  }
}

function takeOver(place: Place, reply: LookReply): void {
  switch (reply.state) {
    case 'waiting':
    case 'unknown':
      return;
    case 'admitted':
      if (place.state === 'waiting') place.untilFirst = reply.untilMs;
      place.state = 'admitted';
      place.until = reply.untilMs;
      place.promise = reply.promise;
      place.ticket = { ...place.ticket, ordinal: reply.ordinal };
      return;
    case 'issued':
      place.state = 'issued';
      place.until = reply.untilMs;
      return;
    case 'done':
      place.state = 'done';
      return;
    case 'expired':
    case 'left':
    case 'revoked':
      place.state = 'ended';
      return;
  }
}
