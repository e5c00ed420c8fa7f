import { z } from 'zod';
import { halfBits, type Permutation, permutation } from '../draw/permutation.ts';

const outcomeSchema = z.enum(['more', 'drawn', 'no-room']);
/** Visitors and their numbers in turn, as pairs. */
const unrankedSchema = z
  .array(z.coerce.string())
  .transform((flat) =>
    flat.flatMap((visitor, i) =>
      i % 2 === 0 ? [[visitor, Number(flat[i + 1])] satisfies [string, number]] : [],
    ),
  );
const replySchema = z.union([outcomeSchema, unrankedSchema]);

/** Places that one step of a draw moves. */
export const drawStep = 250;
/** The rank of a draw as a score: below all numbers (`drawnBase` in places.lua). */
const drawnBase = 2 ** 30;

export type ScriptArgument = string | number | Buffer;
type Draw = { key: string; entrants: number };

/** A draw in steps of two calls of `draw.lua`, between which the ranks are computed here. */
export function drawSteps(run: (saleId: string, args: ScriptArgument[]) => Promise<unknown>) {
  const permuted = latestPermutation();
  const args = (draw: Draw | null): ScriptArgument[] =>
    draw === null ? ['', 0, '', 0] : drawArgs(draw, permuted(draw));
  const step = async (saleId: string, draw: Draw): Promise<z.infer<typeof outcomeSchema>> => {
    const own = [...args(draw), drawStep];
    const unranked = replySchema.parse(await run(saleId, own));
    if (typeof unranked === 'string') return unranked;
    const order = permuted(draw);
    if (order === null) return 'no-room';
    const ranks = unranked.flatMap(([visitor, number]) => {
      return [visitor, number, order.rankOf(number) - drawnBase];
    });
    return outcomeSchema.parse(await run(saleId, [...own, ...ranks]));
  };
  return { args, step };
}

/** The permutation of a draw, kept while the same one is asked for; null where nobody entered. */
function latestPermutation(): (draw: Draw) => Permutation | null {
  let latest: (Draw & { order: Permutation }) | undefined;
  return ({ key, entrants }) => {
    if (entrants === 0) return null;
    if (latest?.key !== key || latest.entrants !== entrants) {
      latest = { key, entrants, order: permutation(key, entrants) };
    }
    return latest.order;
  };
}

/** Key, entrants, the tables of the permutation as the scripts read them, half the bits. */
function drawArgs({ key, entrants }: Draw, order: Permutation | null): ScriptArgument[] {
  if (order === null) return [key, 0, '', 0];
  const tables = order.tables.map((table) => Buffer.from(table.slice().buffer).swap16());
  return [key, entrants, Buffer.concat(tables), halfBits(entrants)];
}
