import { z } from 'zod';
import { isoTime } from '../clock.ts';

/** A fault of the source; its message is for the operator. */
export class RandomnessAway extends Error {
  override readonly name = 'RandomnessAway';
}

/** Of one question to the source. */
const answerMsMax = 2_500;

const infoSchema = z.object({
  genesis_time: z.int().min(0),
  period: z.number().positive(),
});
const roundSchema = z.object({
  round: z.int(),
  randomness: z.string().regex(/^[0-9a-f]{16,256}$/),
});

type Info = z.infer<typeof infoSchema>;

/** The first round that begins after that moment: nobody knew its value when the lobby closed. */
export function roundAfter({ genesis_time, period }: Info, closedAtMs: number): number {
  return Math.max(1, Math.floor((closedAtMs / 1_000 - genesis_time) / period) + 2);
}

export type Randomness = (url: string, closedAtMs: number) => Promise<string>;

/** When its rounds are does not change; a source that failed is left alone for a moment. */
const infoMsMax = 60_000;
const restMs = 2_000;

/**
 * The public randomness of a draw from a source in the manner of drand: `<url>/info` tells when its
 * rounds are, `<url>/public/<round>` gives one. 16 to 256 hex digits. May be called as often as one
 * likes: nothing is asked for before it can be there. Throws RandomnessAway.
 */
export function randomnessFrom(ask: typeof fetch, now: () => number): Randomness {
  const infos = new Map<string, { info: Info; untilMs: number }>();
  const rests = new Map<string, { error: RandomnessAway; untilMs: number }>();

  const json = async <T>(url: string, schema: z.ZodType<T>): Promise<T> => {
    const signal = AbortSignal.timeout(answerMsMax);
    const answer = await ask(url, { signal, headers: { accept: 'application/json' } });
    if (!answer.ok) throw new RandomnessAway(`${url} answers ${answer.status}`);
    return schema.parse(await answer.json());
  };

  async function infoOf(base: string): Promise<Info> {
    const known = infos.get(base);
    if (known !== undefined && now() < known.untilMs) return known.info;
    const info = await json(`${base}/info`, infoSchema);
    infos.set(base, { info, untilMs: now() + infoMsMax });
    return info;
  }

  /** Rests after each fault, and says meanwhile what it was. */
  async function resting<T>(base: string, work: () => Promise<T>): Promise<T> {
    const rest = rests.get(base);
    if (rest !== undefined && now() < rest.untilMs) throw rest.error;
    try {
      return await work();
    } catch (error) {
      const away = awayOf(base, error);
      rests.set(base, { error: away, untilMs: now() + restMs });
      throw away;
    }
  }

  return async (url, closedAtMs) => {
    const base = url.replace(/\/$/, '');
    const info = await resting(base, () => infoOf(base));
    const round = roundAfter(info, closedAtMs);
    const beginsAtMs = (info.genesis_time + (round - 1) * info.period) * 1_000;
    if (now() < beginsAtMs) {
      throw new RandomnessAway(`round ${round} of ${base} begins at ${isoTime(beginsAtMs)}`);
    }
    return await resting(base, async () => {
      const found = await json(`${base}/public/${round}`, roundSchema);
      if (found.round !== round) throw new RandomnessAway(`round ${round} was asked for`);
      return found.randomness;
    });
  };
}

function awayOf(base: string, error: unknown): RandomnessAway {
  if (error instanceof RandomnessAway) return error;
  const why = error instanceof z.ZodError ? 'the answer has another form' : String(error);
  return new RandomnessAway(`no randomness from ${base}: ${why}`, { cause: error });
}
