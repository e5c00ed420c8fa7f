import { firstHead } from '../draw/chain.ts';
import { type ChainedLines, chainRecords, type LogHead } from './blocks.ts';
import { parseRecord } from './record.ts';

/** Postgres' side of the log. */
export type LogStore = {
  head(saleId: string): Promise<LogHead | null>;
  /** One transaction. `elsewhere`: the log does not end at `before` any more; nothing is written. */
  append(saleId: string, before: LogHead, lines: ChainedLines): Promise<'kept' | 'elsewhere'>;
};

/** The room's side: what it has not forgotten yet. */
export type LogSource = {
  /** Forgets records up to `upToSeq`, which are in Postgres, and gives the next ones. */
  log(saleId: string, upToSeq: number, limit: number): Promise<{ records: string[] }>;
};

/** Records asked for at a time. */
export const drainMax = 2_000;
/** One pass ends after so many rounds, so that no sale keeps the others waiting. */
const roundsMax = 20;

/**
 * Moves a room's records into the log. Safe to run anywhere at any time: two at once meet at the
 * row of the head, and what was committed is only forgotten by the next question.
 */
export async function drainLog(
  store: LogStore,
  source: LogSource,
  saleId: string,
): Promise<LogHead> {
  const none = { seq: 0, head: firstHead(saleId), counts: {} };
  let head = (await store.head(saleId)) ?? none;
  for (let round = 0; round < roundsMax; round += 1) {
    const { records } = await source.log(saleId, head.seq, drainMax);
    if (records.length === 0) return head;
    const chained = chainRecords(head, records.map(parseRecord));
    if (chained.blocks.length > 0) {
      if ((await store.append(saleId, head, chained)) === 'elsewhere') return head;
      head = chained.after;
    }
    if (records.length < drainMax) return head;
  }
  return head;
}
