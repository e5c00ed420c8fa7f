import type { Room } from '@fairgate/shared/room/room.ts';
import type { AsyncCommand } from 'fast-check';
import { observe } from './observe.ts';
import type { RoomSide } from './room-side.ts';
import { hear, type Place, type Ticket, type Visitor, type World } from './world.ts';

/** One command of a run. It prints itself, so that a counterexample can be read. */
export type Step = AsyncCommand<World, RoomSide>;

export type Doing = { world: World; room: Room; real: RoomSide };

export function step(
  text: string,
  run: (doing: Doing) => Promise<void>,
  applies: (world: World) => boolean = () => true,
): Step {
  return command(text, run, applies, false);
}

/** A step in which people may be let in. In no other one may they. */
export function advancingStep(text: string, run: (doing: Doing) => Promise<void>): Step {
  return command(text, run, () => true, true);
}

function command(
  text: string,
  run: (doing: Doing) => Promise<void>,
  check: (world: World) => boolean,
  mayAdmit: boolean,
): Step {
  return {
    check,
    async run(world, real) {
      await run({ world, real, room: real.rooms[0] });
      await observe(world, real, mayAdmit);
    },
    toString: () => text,
  };
}

/** Steps that belong together, with all checks after each. */
export function sequence(text: string, steps: readonly Step[]): Step {
  return {
    check: () => true,
    async run(world, real) {
      for (const one of steps) if (await one.check(world)) await one.run(world, real);
    },
    toString: () => text,
  };
}

/** Sends a command once, or twice where the first reply was lost; gives the last reply. */
export async function send<T>(isTwice: boolean, command: () => Promise<T>): Promise<T> {
  if (isTwice) await command();
  return await command();
}

/** The room told the visitor's place: it was heard of, and the ticket is the one that is told. */
export function keepPlace(world: World, visitor: Visitor, ticket: Ticket): Place {
  hear(world);
  const { place } = visitor;
  if (place !== null && place.ticket.number === ticket.number) {
    if (place.ticket.ordinal !== ticket.ordinal) visitor.oldTickets.push(place.ticket);
    place.ticket = ticket;
    place.seenAt = world.now;
    place.isBack = true;
    return place;
  }
  if (place !== null) visitor.oldTickets.push(place.ticket);
  world.highest = Math.max(world.highest, ticket.number);
  visitor.place = {
    ticket,
    state: 'waiting',
    until: 0,
    untilFirst: 0,
    promise: 0,
    seenAt: world.now,
    isLoose: false,
    isBack: true,
  };
  return visitor.place;
}

/** A ticket that the visitor has: the last one, or one of those that it replaced. */
export function ticketOf(visitor: Visitor, age: number): Ticket | null {
  if (visitor.place === null) return null;
  const { oldTickets } = visitor;
  return age === 0 ? visitor.place.ticket : (oldTickets.at(-age) ?? visitor.place.ticket);
}
