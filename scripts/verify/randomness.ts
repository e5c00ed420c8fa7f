import { z } from 'zod';
import { ensure, Mismatch } from './mismatch.ts';
import { type LogEntry, type Report, readJson } from './public-sale.ts';

const infoSchema = z.object({ genesis_time: z.number(), period: z.number().positive() });
const roundSchema = z.object({ randomness: z.string() });

/** Asks the source that was named for the round that docs/draw.md names. */
export async function checkRandomness(
  { randomnessUrl, randomness, lobbySeq }: Report,
  entries: readonly LogEntry[],
): Promise<string> {
  if (randomnessUrl === null) return 'no source of randomness was named';
  if (!randomness) return `nothing came from ${randomnessUrl} in time: drawn without it`;
  const closed = entries.find(({ line }) => line.seq === lobbySeq);
  ensure(closed !== undefined, `line ${lobbySeq} of the log is missing`);
  const base = randomnessUrl.replace(/\/$/, '');
  try {
    const { genesis_time, period } = await readJson(`${base}/info`, infoSchema);
    const seconds = closed.line.at / 1_000;
    const round = Math.max(1, Math.floor((seconds - genesis_time) / period) + 2);
    const said = (await readJson(`${base}/public/${round}`, roundSchema)).randomness;
    ensure(said === randomness, `round ${round} of ${base} is ${said}, and not ${randomness}`);
    return `the randomness is that of round ${round} of ${base}`;
  } catch (error) {
    if (error instanceof Mismatch && !error.message.startsWith(base)) throw error;
    return `could not ask ${base} for its randomness: compare it by hand`;
  }
}
