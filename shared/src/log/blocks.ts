import { nextHead } from '../draw/chain.ts';
import { type LogLine, lineText, type RawRecord, type SpentPass } from './record.ts';

/** Where a sale's log stands: its last line, the head after it, lines by kind. */
export type LogHead = { seq: number; head: string; counts: Record<string, number> };

/** Lines that are kept together: each with its line break, and the head after the last. */
export type LogBlock = { firstSeq: number; lastSeq: number; head: string; body: string };

export type ChainedLines = {
  blocks: LogBlock[];
  after: LogHead;
  /** The line that ended the lobby, and the head after it, which is a part of the draw's key. */
  lobby: { seq: number; head: string; entrants: number; closedAt: number } | null;
  spentPasses: SpentPass[];
};

/** About 150 kB of text: read and written in one piece. */
export const blockLinesMax = 2_000;

/**
 * Chains records to the log. Those that it has already are passed over. The lobby's last line
 * ends its block, so that the head after it is found again.
 */
export function chainRecords(before: LogHead, records: readonly RawRecord[]): ChainedLines {
  const chained: ChainedLines = {
    blocks: [],
    after: { ...before, counts: { ...before.counts } },
    lobby: null,
    spentPasses: [],
  };
  let lines: LogLine[] = [];
  const end = () => {
    if (lines.length > 0) chained.blocks.push(block(chained.after, lines));
    lines = [];
  };
  for (const { line, spentPass } of records) {
    const last = lines.at(-1)?.seq ?? chained.after.seq;
    if (line.seq <= last) continue;
    lines.push(line);
    if (spentPass !== null) chained.spentPasses.push(spentPass);
    if (lines.length === blockLinesMax || line.kind === 'closed-lobby') end();
    if (line.kind === 'closed-lobby' && chained.lobby === null) {
      const { seq, head } = chained.after;
      chained.lobby = { seq, head, entrants: line.entrants ?? 0, closedAt: line.at };
    }
  }
  end();
  return chained;
}

/** Moves `after` on by these lines. */
function block(after: LogHead, lines: readonly LogLine[]): LogBlock {
  const firstSeq = lines[0]?.seq ?? after.seq;
  let body = '';
  for (const line of lines) {
    const text = lineText(line);
    body += `${text}\n`;
    after.head = nextHead(after.head, text);
    after.seq = line.seq;
    after.counts[line.kind] = (after.counts[line.kind] ?? 0) + 1;
  }
  return { firstSeq, lastSeq: after.seq, head: after.head, body };
}
