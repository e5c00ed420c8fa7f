import type { JoinReply } from '@fairgate/shared/room/room.ts';
import { expectThat } from './broken.ts';
import { saleId } from './room-side.ts';
import { type Doing, keepPlace, ticketOf } from './step.ts';
import { hear, isRevoked, type Place, type Ticket, type Visitor, type World } from './world.ts';

export type Joining = {
  /** Which of the visitor's tickets; below 0: none, as in a browser that kept their cookie alone. */
  age?: number | undefined;
  isTwice?: boolean | undefined;
  pass?: string | undefined;
};

/** Who joins with what, and how the world was then. */
type Asked = {
  world: World;
  visitor: Visitor;
  place: Place | null;
  shown: Ticket | null;
  /** A pass that nobody has used. */
  newPass: string | null;
  told(): string;
};

export async function join(doing: Doing, visitor: Visitor, joining: Joining): Promise<void> {
  const { world, room } = doing;
  const { age = 0, isTwice = false, pass } = joining;
  const shown = age < 0 ? null : ticketOf(visitor, age);
  const question = { visitor: visitor.id, ...(shown ?? { number: 0, ordinal: 1 }), pass };
  const [reply] = await room.join(saleId, [question]);
  if (reply === undefined) throw new Error('no answer to a join');
  const [again] = isTwice ? await room.join(saleId, [question]) : [];
  const owner = pass === undefined ? undefined : world.passes.get(pass);
  const told = () => {
    const answers = again === undefined ? [reply] : [reply, again];
    return `${visitor.id} joins with ${JSON.stringify(question)}: ${JSON.stringify(answers)}`;
  };
  const newPass = pass !== undefined && owner === undefined ? pass : null;
  const asked: Asked = { world, visitor, place: visitor.place, shown, newPass, told };
  if (again !== undefined) judgeAgain(asked, reply, again);
  if (reply.outcome === 'unknown') return expectThat('7.6', world.isLost, told);
  hear(world);
  const isTheirs = owner === undefined || owner === visitor.id;
  expectThat('7.9', (reply.outcome === 'pass-spent') === !isTheirs, told);
  if (isTheirs) judge(asked, reply);
}

/** The first reply was lost, and the joiner asked again: nothing more may come of it. */
function judgeAgain({ told }: Asked, first: JoinReply, again: JoinReply): void {
  const isSame = again.number === first.number && again.ordinal === first.ordinal;
  expectThat('7.9', isSame && again.outcome !== 'joined', told);
}

function judge(asked: Asked, reply: JoinReply): void {
  const { world, visitor, place, shown, told } = asked;
  const { outcome, number, ordinal, lane } = reply;
  if (outcome === 'sold-out') {
    const { picture } = world;
    expectThat('7.6', picture === null || picture.free + picture.held === 0, told);
    return;
  }
  if (outcome === 'revoked') {
    const isGone = shown !== null && isRevoked(world, visitor.id, shown.number);
    expectThat('7.6', isGone && place?.state !== 'waiting', told);
    return;
  }
  expectThat('7.6', outcome === 'joined' || outcome === 'kept', told);
  const own = place?.isBack === false && shown !== null ? shown : place?.ticket;
  const isSame = number === own?.number;
  if (movesUp(asked)) judgeMove(asked, reply);
  else if (isStanding(asked)) expectThat('7.6', isSame, told);
  else if (!isSame) expectThat('7.9', number > world.highest, told);
  // An ended place is none; Redis that was emptied has forgotten that it ended (a known gap).
  else expectThat('7.9', place?.isBack === false, told);
  judgeLane(asked, reply);
  const kept = keepPlace(world, visitor, { number, ordinal, lane });
  if (kept.state === 'ended' && reply.state === 'waiting') kept.state = 'waiting';
}

function isStanding({ place, shown }: Asked): boolean {
  return place !== null && place.state !== 'ended' && (place.isBack || shown !== null);
}

/** Who waits in the main lane, and brings a pass, begins at the end of the other one. */
function movesUp(asked: Asked): boolean {
  const { place, shown, newPass } = asked;
  const lane = place?.isBack === false ? shown?.lane : place?.ticket.lane;
  return newPass !== null && isStanding(asked) && place?.state === 'waiting' && lane === 'main';
}

function judgeMove({ world, told }: Asked, { outcome, number }: JoinReply): void {
  expectThat('7.9', outcome === 'joined' && number > world.highest, told);
}

/** A pass is good for one place in the priority lane, and without one nobody gets there. */
function judgeLane({ world, visitor, place, newPass, told }: Asked, reply: JoinReply): void {
  if (reply.outcome === 'joined') {
    expectThat('7.9', reply.lane === (newPass === null ? 'main' : 'priority'), told);
    if (newPass !== null) world.passes.set(newPass, visitor.id);
  } else if (reply.state === 'waiting') {
    const lanes = [place?.ticket, ...visitor.oldTickets].map((ticket) => ticket?.lane);
    expectThat('7.9', lanes.includes(reply.lane), told);
  }
}
