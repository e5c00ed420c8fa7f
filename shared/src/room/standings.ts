import { z } from 'zod';
import { lanes } from '../place.ts';
import type { ScriptArgument } from './draw-steps.ts';

const standingSchema = z
  .tuple([
    z.enum([
      ...(['waiting', 'away', 'admitted', 'issued', 'done', 'expired', 'left', 'revoked'] as const),
      'unknown',
    ]),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.enum(lanes),
  ])
  .transform(([state, number, score, untilMs, lane]) => ({ state, number, score, untilMs, lane }));

/**
 * Where somebody stands. `score`: where in the lane, only of use while waiting; `untilMs`: the deadline
 * of the admission, 0 where there is none.
 */
export type StandingReply = z.infer<typeof standingSchema>;

/** What a room tells of people without noting that anybody was there, or putting anybody back. */
export type RoomStandings = {
  /** Of some hundred visitors, in their order. */
  standing(saleId: string, visitors: string[]): Promise<StandingReply[]>;
  /** Whose token is unspent and alive, by the deadlines above `afterMs`, the earliest first. */
  admitted(
    saleId: string,
    afterMs: number,
    limit: number,
  ): Promise<{ visitor: string; untilMs: number }[]>;
};

type Run = (
  name: 'standing' | 'admitted',
  saleId: string,
  args: ScriptArgument[],
) => Promise<unknown>;

export function roomStandings(run: Run): RoomStandings {
  return {
    async standing(saleId, visitors) {
      if (visitors.length === 0) return [];
      return z.array(standingSchema).parse(await run('standing', saleId, visitors));
    },
    async admitted(saleId, afterMs, limit) {
      const flat = z.array(z.string()).parse(await run('admitted', saleId, [afterMs, limit]));
      return Array.from({ length: flat.length / 2 }, (_, i) => {
        return { visitor: flat[2 * i] ?? '', untilMs: Number(flat[2 * i + 1]) };
      });
    },
  };
}
