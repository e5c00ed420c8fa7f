import type { PostgresLog } from './postgres-log.ts';

/**
 * A sale's log as NDJSON, read from Postgres some blocks at a time, as fast as it is taken. Ends with
 * the last line that there is when it gets there.
 */
export function logStream(
  { blocksAfter }: Pick<PostgresLog, 'blocksAfter'>,
  saleId: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let seq = 0;
  return new ReadableStream({
    async pull(controller) {
      const blocks = await blocksAfter(saleId, seq);
      for (const { body, lastSeq } of blocks) {
        controller.enqueue(encoder.encode(body));
        seq = lastSeq;
      }
      if (blocks.length === 0) controller.close();
    },
  });
}

/** Everybody may keep it for a second: it is the same for everyone, and grows. */
export const fairnessHeaders = { 'cache-control': 'public, max-age=1' };
export const logHeaders = { ...fairnessHeaders, 'content-type': 'application/x-ndjson' };
