import { z } from 'zod';

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

/** The first round that begins after that moment: nobody knew its value when the lobby closed. */
export function roundAfter(
  { genesis_time, period }: z.infer<typeof infoSchema>,
  closedAtMs: number,
): number {
  return Math.max(1, Math.floor((closedAtMs / 1_000 - genesis_time) / period) + 2);
}

export type Randomness = (url: string, closedAtMs: number) => Promise<string>;

/**
 * The public randomness of a draw from a source in the manner of drand: `<url>/info` tells when its
 * rounds are, `<url>/public/<round>` gives one. 16 to 256 hex digits. Throws RandomnessAway.
 */
export function randomnessFrom(ask: typeof fetch): Randomness {
  const json = async <T>(url: string, schema: z.ZodType<T>): Promise<T> => {
    const signal = AbortSignal.timeout(answerMsMax);
    const answer = await ask(url, { signal, headers: { accept: 'application/json' } });
    if (!answer.ok) throw new RandomnessAway(`${url} answers ${answer.status}`);
    return schema.parse(await answer.json());
  };
  return async (url, closedAtMs) => {
    try {
      const base = url.replace(/\/$/, '');
      const round = roundAfter(await json(`${base}/info`, infoSchema), closedAtMs);
      const found = await json(`${base}/public/${round}`, roundSchema);
      if (found.round !== round) throw new RandomnessAway(`round ${round} was asked for`);
      return found.randomness;
    } catch (error) {
      if (error instanceof RandomnessAway) throw error;
      const why = error instanceof z.ZodError ? 'the answer has another form' : String(error);
      throw new RandomnessAway(`no randomness from ${url}: ${why}`, { cause: error });
    }
  };
}
