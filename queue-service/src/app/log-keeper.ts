import type { Drawing } from '@fairgate/shared/draw/drawing.ts';
import { drainLog, type LogSource } from '@fairgate/shared/log/drain.ts';
import type { LoggedSale, PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { eachOf } from './each-of.ts';
import type { Log } from './ports.ts';

type Parts = {
  logs: Pick<PostgresLog, 'logged' | 'head' | 'append'>;
  room: LogSource;
  drawing: Drawing;
  audit(saleId: string): Promise<void>;
  log: Log;
};

/** Tokens and holds of a sale that was closed end within this time, and so does its log. */
const closedSeconds = 36 * 3_600;
/** A long log of one sale keeps no other's draw waiting; the API has connections left. */
const salesAtOnce = 4;

/**
 * One pass over all sales: `records of the room -> log -> draw, where one is due -> audit`. Any
 * number of instances may do it at once. A sale that fails keeps none of the others waiting.
 */
export function logKeeper({ logs, room, drawing, audit, log }: Parts): () => Promise<void> {
  const auditedSeq = new Map<string, number>();

  async function keep({ saleId, isLottery, isUndrawn }: LoggedSale): Promise<void> {
    const { seq } = await drainLog(logs, room, saleId);
    // A drawn one too: a Redis that lost its last second may have lost the draw in it.
    const outcome = isLottery ? await drawing(saleId) : 'nothing-to-draw';
    if (isUndrawn && outcome === 'drawn') log.info({ saleId }, 'the lobby is drawn');
    if (seq === (auditedSeq.get(saleId) ?? 0)) return;
    await audit(saleId);
    auditedSeq.set(saleId, seq);
  }

  return async () => {
    const sales = await logs.logged(closedSeconds);
    for (const saleId of auditedSeq.keys()) {
      if (!sales.some((sale) => sale.saleId === saleId)) auditedSeq.delete(saleId);
    }
    await eachOf(sales, salesAtOnce, keep);
  };
}
