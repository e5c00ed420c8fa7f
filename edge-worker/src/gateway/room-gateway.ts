import type { Clock } from '@fairgate/shared/clock.ts';
import type { JoinQuestion, LookQuestion, LookReply, Room } from '@fairgate/shared/room/room.ts';
import { deriveJti } from '@fairgate/shared/token/purchase.ts';
import type {
  Gateways,
  JoinAnswer,
  LookAnswer,
  NoteAnswer,
  TakeAnswer,
  Unavailable,
  UnknownSale,
} from '../app/ports.ts';
import { batches } from './batches.ts';
import { heldAdvances } from './held-advances.ts';

export type RoomGateway = Omit<Gateways, 'catalogue'>;

export type RoomGatewayParts = {
  room: Room;
  /** Rejects when the room cannot be reached. */
  whenReady: () => Promise<void>;
  /** Whether Redis knows of no sale at all. */
  isEmptied: () => Promise<boolean>;
  admissionKey: Buffer;
  clock: Clock;
};

/** What comes within this time becomes one command. */
const gatherMs = 5;
/** Visitors in one command: some 10 µs of Redis' time each, so it is blocked for 3 ms at most. */
const commandMax = 250;
/** Heartbeats in one command: read and noted together they cost some 4 µs each. */
const heartbeatsMax = 1_000;

/** The room behind one connection: gathers questions, and holds the last snapshots. */
export function roomGateway(parts: RoomGatewayParts): RoomGateway {
  const { room, whenReady } = parts;
  const joins = batches({
    run: async (saleId, joiners: JoinQuestion[]) => await room.join(saleId, joiners),
    waitMs: gatherMs,
    sizeMax: commandMax,
  });
  const looks = batches({
    run: async (saleId, questions: LookQuestion[]) => await room.look(saleId, questions),
    waitMs: gatherMs,
    sizeMax: commandMax,
  });
  const unknown = async (): Promise<UnknownSale> => ({
    kind: 'unknown',
    isEmptied: await parts.isEmptied(),
  });
  const reach = async <A>(work: () => Promise<A>): Promise<A | Unavailable> => {
    try {
      await whenReady();
      return await work();
    } catch (error) {
      return { kind: 'unavailable', cause: String(error) };
    }
  };
  const advances = heldAdvances(room, whenReady, unknown, parts.clock);

  return {
    snapshot: advances.snapshot,
    join: (saleId, joiner) =>
      reach(async (): Promise<JoinAnswer> => {
        const reply = await joins.ask(saleId, joiner);
        return reply.outcome === 'unknown' ? await unknown() : { kind: 'answered', reply };
      }),
    look: (saleId, question) =>
      reach(async () => await lookAnswer([await looks.ask(saleId, question)], unknown)),
    note: (saleId, questions) =>
      reach(async () => await noteAnswer(await lookInSteps(room, saleId, questions), unknown)),
    take: (saleId, question) =>
      reach(async () => await takeToken(parts, saleId, question, unknown)),
    leave: (saleId, ticket) =>
      reach(async () => {
        const outcome = await room.leave(saleId, ticket);
        return outcome === 'unknown' ? await unknown() : { kind: 'answered' as const, outcome };
      }),
  };
}

async function lookInSteps(
  room: Room,
  saleId: string,
  questions: LookQuestion[],
): Promise<LookReply[]> {
  const replies: LookReply[] = [];
  for (let from = 0; from < questions.length; from += heartbeatsMax) {
    replies.push(...(await room.look(saleId, questions.slice(from, from + heartbeatsMax))));
  }
  return replies;
}

/** Of thousands of heartbeats a second hardly one has news: only these go back to the isolate. */
async function noteAnswer(
  replies: readonly LookReply[],
  unknown: () => Promise<UnknownSale>,
): Promise<NoteAnswer> {
  if (replies[0]?.state === 'unknown') return await unknown();
  const elsewhere = replies.flatMap((reply, i) => (reply.isOwn ? [] : [i]));
  return { kind: 'answered', elsewhere };
}

async function lookAnswer(
  replies: LookReply[],
  unknown: () => Promise<UnknownSale>,
): Promise<LookAnswer> {
  return replies[0]?.state === 'unknown' ? await unknown() : { kind: 'answered', replies };
}

/** Tokens of a visitor that are used up and that a room made anew may have to pass over at once. */
const ordinalsMax = 8;

/**
 * The `jti` follows from the ordinal in the ticket; where the room counts another one, from that.
 * A visitor whom the room has forgotten is put back in line, and is not admitted.
 */
async function takeToken(
  { room, admissionKey }: RoomGatewayParts,
  saleId: string,
  { visitor, number, ordinal, jkt, lane }: LookQuestion,
  unknown: () => Promise<UnknownSale>,
): Promise<TakeAnswer> {
  const take = async (ord: number): Promise<Extract<TakeAnswer, { kind: 'answered' }>> => {
    const jti = deriveJti(admissionKey, saleId, visitor, ord);
    return { kind: 'answered', reply: await room.take(saleId, visitor, ord, jti, jkt), jti };
  };
  let answer = await take(ordinal);
  for (let again = 0; answer.reply.outcome === 'ordinal' && again < ordinalsMax; again += 1) {
    answer = await take(answer.reply.ordinal);
  }
  if (answer.reply.outcome !== 'unknown') return answer;
  const [reply] = await room.look(saleId, [{ visitor, number, ordinal, jkt, lane }]);
  return reply?.state === 'unknown' ? await unknown() : answer;
}
