import { z } from 'zod';

/** What the log tells of a place, or of the whole room (those of number 0). */
export const recordKinds = [
  ...(['joined', 'left', 'away', 'back', 'admitted', 'issued', 'spent', 'lapsed'] as const),
  ...(['expired', 'returned', 'revoked', 'closed-lobby', 'drawn', 'recovered', 'opened'] as const),
] as const;
export type RecordKind = (typeof recordKinds)[number];

const moreNumber = z.number().optional();

/** A line as everybody may read it: `at` in ms since the epoch. No visitor is in it. */
export const logLineSchema = z.object({
  seq: z.int().min(1),
  at: z.int(),
  kind: z.enum(recordKinds),
  lane: z.string(),
  number: z.int().min(0),
  score: moreNumber,
  ordinal: moreNumber,
  entrants: moreNumber,
  units: moreNumber,
  epoch: moreNumber,
});
export type LogLine = z.infer<typeof logLineSchema>;

/** A pass that was spent by a join, and whose it was: never published. */
export type SpentPass = { passId: string; visitor: string; number: number; at: number };
export type RawRecord = { line: LogLine; spentPass: SpentPass | null };

const more = ['score', 'ordinal', 'entrants', 'units', 'epoch'] as const;
type More = (typeof more)[number];
const moreOf: Partial<Record<RecordKind, More>> = {
  back: 'score',
  admitted: 'ordinal',
  returned: 'units',
  'closed-lobby': 'entrants',
  drawn: 'entrants',
  recovered: 'epoch',
};

const headSchema = z.tuple([
  z.coerce.number().int().min(1),
  z.coerce.number().int().min(0),
  z.enum(recordKinds),
  z.string().regex(/^[a-z-]{1,16}$/),
  z.coerce.number().int().min(0),
]);
const moreSchema = z.coerce.number().min(0);

/** `seq at kind lane number more` as the room keeps it. Throws a ZodError where it is none. */
export function parseRecord(raw: string): RawRecord {
  const [seqText, atText, kindText, laneText, numberText, ...rest] = raw.split(' ');
  const head = headSchema.parse([seqText, atText, kindText, laneText, numberText]);
  const [seq, at, kind, lane, number] = head;
  const line: LogLine = { seq, at, kind, lane, number };
  const name = moreOf[kind];
  if (name !== undefined && rest[0] !== undefined) line[name] = moreSchema.parse(rest[0]);
  return { line, spentPass: kind === 'joined' ? spentPass(line, rest) : null };
}

function spentPass({ number, at }: LogLine, [passId = '-', visitor = '-']: string[]) {
  return passId === '-' ? null : { passId, visitor, number, at };
}

/** The text that is chained and published, without its line break: fields in this order, always. */
export function lineText({ seq, at, kind, lane, number, ...rest }: LogLine): string {
  const tail = more.flatMap((name) => (rest[name] === undefined ? [] : [[name, rest[name]]]));
  return JSON.stringify({ seq, at, kind, lane, number, ...Object.fromEntries(tail) });
}

/** A line of a stored block. Throws where it is none: nobody but us wrote it. */
export function parseLine(text: string): LogLine {
  return logLineSchema.parse(JSON.parse(text));
}
