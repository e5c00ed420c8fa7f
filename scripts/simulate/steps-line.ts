import type { LookReply } from '@fairgate/shared/room/room.ts';
import fc from 'fast-check';
import { expectThat } from './broken.ts';
import { join } from './joining.ts';
import { isSpendable, issue } from './ledger.ts';
import { saleId } from './room-side.ts';
import { type Doing, keepPlace, type Step, send, step, ticketOf } from './step.ts';
import { hear, isRevoked, jtiOf, type Ticket, type Visitor, visitorAt } from './world.ts';

const anyone = fc.nat(5);
const sometimes = fc.integer({ min: 0, max: 3 }).map((n) => n === 0);
/** 0 is the ticket of now; others are older ones. */
const ticketAge = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  fc.integer({ min: 1, max: 2 }),
);
const anyPass = fc.option(fc.constantFrom('pass1', 'pass2', 'pass3'), { nil: undefined, freq: 2 });
const twiceMark = (isTwice: boolean) => (isTwice ? ' twice' : '');

export function pollAllBut(absent: readonly number[]): Step {
  return step('pollAll()', (doing) => {
    const present = doing.world.visitors.filter((_, index) => !absent.includes(index));
    return poll(doing, present, 0);
  });
}
export const pollAll = pollAllBut([]);
/** Leaves, and joins again at once. */
export const again = anyone.map((index) =>
  step(
    `again(v${index + 1})`,
    async (doing) => {
      const visitor = visitorAt(doing.world, index);
      await leave(doing, visitor, false);
      await join(doing, visitor, {});
    },
    (world) => visitorAt(world, index).place !== null,
  ),
);
/** Everybody who has no place, in the order of their ids or against it. */
export const joinAll = fc.boolean().map((isReversed) =>
  step(`joinAll(${isReversed ? 'reversed' : ''})`, async (doing) => {
    const visitors = doing.world.visitors.filter(({ place }) => place === null);
    for (const visitor of isReversed ? visitors.reverse() : visitors) {
      await join(doing, visitor, {});
    }
  }),
);
export const takeAll = step('takeAll()', async (doing) => {
  for (const visitor of doing.world.visitors) {
    if (visitor.place?.state === 'admitted') await take(doing, visitor, 0, false);
  }
});

/** What shoppers do in the line. */
export const lineSteps: fc.Arbitrary<Step>[] = [
  fc
    .tuple(anyone, fc.integer({ min: -1, max: 1 }), sometimes, anyPass)
    .map(([index, age, isTwice, pass]) => {
      const shown = pass === undefined ? '' : `, ${pass}`;
      const text = `join(v${index + 1}, ticket ${age}${shown})${twiceMark(isTwice)}`;
      const run = (doing: Doing) => {
        return join(doing, visitorAt(doing.world, index), { age, isTwice, pass });
      };
      return step(text, run);
    }),
  fc.tuple(anyone, ticketAge).map(([index, age]) => {
    const applies = (world: Doing['world']) => visitorAt(world, index).place !== null;
    const run = (doing: Doing) => poll(doing, [visitorAt(doing.world, index)], age);
    return step(`poll(v${index + 1}, ticket ${age})`, run, applies);
  }),
  fc.constant(pollAll),
  fc.tuple(anyone, sometimes).map(([index, isTwice]) => {
    const applies = (world: Doing['world']) => visitorAt(world, index).place !== null;
    const run = (doing: Doing) => leave(doing, visitorAt(doing.world, index), isTwice);
    return step(`leave(v${index + 1})${twiceMark(isTwice)}`, run, applies);
  }),
];

/** Taking the purchase token. */
export const takeSteps: fc.Arbitrary<Step>[] = [
  fc.tuple(anyone, ticketAge, sometimes).map(([index, age, isTwice]) => {
    const applies = (world: Doing['world']) => visitorAt(world, index).place !== null;
    const run = (doing: Doing) => take(doing, visitorAt(doing.world, index), age, isTwice);
    return step(`take(v${index + 1}, ticket ${age})${twiceMark(isTwice)}`, run, applies);
  }),
];

async function poll(doing: Doing, visitors: readonly Visitor[], age: number) {
  const { world, room } = doing;
  const asking = visitors.flatMap((visitor) => {
    const ticket = ticketOf(visitor, age);
    return ticket === null ? [] : [{ visitor, ticket }];
  });
  const questions = asking.map(({ visitor, ticket }) => ({ visitor: visitor.id, ...ticket }));
  const replies = asking.length === 0 ? [] : await room.look(saleId, questions);
  if (world.isLost) {
    expectThat(
      '7.6',
      replies.every(({ state }) => state === 'unknown'),
      () => 'a lost room knows',
    );
    return;
  }
  for (const [i, { visitor, ticket }] of asking.entries()) {
    const reply = replies[i];
    if (reply === undefined) throw new Error('too few answers to a poll');
    heard(doing, visitor, ticket, reply);
  }
}

function heard({ world }: Doing, visitor: Visitor, shown: Ticket, reply: LookReply): void {
  const { place } = visitor;
  if (place === null) return;
  const told = () => `${visitor.id} polls with ${JSON.stringify(shown)}: ${JSON.stringify(reply)}`;
  hear(world);
  if (reply.state !== 'waiting') return;
  if (place.isBack) {
    expectThat('7.9', place.state === 'waiting', told);
    expectThat('7.6', reply.number === place.ticket.number, told);
  } else {
    expectThat('7.6', reply.number === shown.number, told);
  }
  const { number, ordinal, lane } = reply;
  const kept = keepPlace(world, visitor, { number, ordinal, lane });
  // Redis that was emptied has forgotten that the place had ended (a known gap).
  if (kept.state === 'ended') kept.state = 'waiting';
}

async function leave({ world, room }: Doing, visitor: Visitor, isTwice: boolean) {
  const { place } = visitor;
  if (place === null) return;
  const question = { visitor: visitor.id, ...place.ticket };
  const outcome = await send(isTwice, () => room.leave(saleId, question));
  const told = () => `${visitor.id} leaves: ${outcome}`;
  expectThat('7.6', (outcome === 'unknown') === world.isLost, told);
  const isGone = isRevoked(world, visitor.id, place.ticket.number);
  expectThat('7.9', outcome !== 'revoked' || isGone, told);
  if (outcome === 'left' || outcome === 'revoked' || (outcome === 'kept' && isTwice)) {
    if (place.state !== 'done') place.state = 'ended';
    place.isBack = true;
  }
}

async function take({ world, room }: Doing, visitor: Visitor, age: number, isTwice: boolean) {
  const { place } = visitor;
  const shown = ticketOf(visitor, age);
  if (place === null || shown === null) return;
  const { id } = visitor;
  const ask = (ordinal: number) => room.take(saleId, id, ordinal, jtiOf(id, ordinal));
  // As the edge does: again with the ordinal that it is told.
  const asked = async () => {
    let reply = await ask(shown.ordinal);
    let { ordinal } = shown;
    for (let tries = 0; reply.outcome === 'ordinal' && tries < 8; tries += 1) {
      ordinal = reply.ordinal;
      reply = await ask(ordinal);
    }
    return { reply, ordinal };
  };
  const { reply, ordinal } = await send(isTwice, asked);
  const told = () => `${id} (${place.state}) takes: ${JSON.stringify(reply)}`;
  const isLetIn = place.state === 'admitted' || place.state === 'issued';
  const mayTake = !world.isLost && isLetIn && world.now < place.until;
  expectThat('7.4', (reply.outcome === 'issued') === mayTake, told);
  if (reply.outcome !== 'issued') return;
  const { number, promise: max, untilMs: exp } = reply;
  expectThat('7.6', number === place.ticket.number && exp === place.until, told);
  const expFirst = place.untilFirst;
  const claims = { visitor: id, number, max, exp, expFirst };
  const token = issue(world.ledger, { jti: jtiOf(id, ordinal), ...claims });
  expectThat('7.4', isSpendable(token, world.now) || token.fate === 'spent', () => {
    return `${told()}: a token that ${token.fate}`;
  });
  place.state = 'issued';
  place.ticket = { ...place.ticket, ordinal };
}
