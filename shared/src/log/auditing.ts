import { permutation } from '../draw/permutation.ts';
import { type Auditor, auditor, type RankOf } from './auditor.ts';
import type { PostgresLog } from './postgres-log.ts';
import { parseLine } from './record.ts';

type AuditStore = Pick<PostgresLog, 'blocksAfter' | 'draw' | 'saveAudit'>;
type Kept = { auditor: Auditor; know(rankOf: RankOf | null): void };

/**
 * Keeps the audit of each log: reads what was appended since, counts, stores. It remembers where each
 * auditor stands, and reads a log from its beginning where it does not, after a restart.
 */
export function logAudits(store: AuditStore): (saleId: string) => Promise<void> {
  const all = new Map<string, Kept>();
  return async (saleId) => {
    const kept = all.get(saleId) ?? keptAuditor();
    // One that failed in the middle of a block has taken lines that it may not take again.
    all.delete(saleId);
    const from = kept.auditor.report().seq;
    let seq = from;
    for (;;) {
      const blocks = await store.blocksAfter(saleId, seq);
      if (blocks.length === 0) break;
      // Read after them: the key is stored before a line tells that it was drawn.
      kept.know(await readRanks(store, saleId));
      for (const { body, lastSeq } of blocks) {
        for (const text of body.split('\n')) if (text !== '') kept.auditor.take(parseLine(text));
        seq = lastSeq;
      }
    }
    all.set(saleId, kept);
    if (seq > from) await store.saveAudit(saleId, kept.auditor.report());
  };
}

function keptAuditor(): Kept {
  let known: RankOf | null = null;
  const ranks = () => {
    if (known === null) throw new Error('the log tells of a draw that nobody knows');
    return known;
  };
  return {
    auditor: auditor(ranks),
    know(rankOf) {
      known = rankOf;
    },
  };
}

async function readRanks(store: AuditStore, saleId: string): Promise<RankOf | null> {
  const draw = await store.draw(saleId);
  if (draw === null || draw.key === null || draw.entrants === null) return null;
  return draw.entrants === 0 ? (number) => number : permutation(draw.key, draw.entrants).rankOf;
}
