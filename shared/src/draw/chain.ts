import { createHash } from 'node:crypto';

/** The head of a sale's log that has no line yet, 64 hex digits. */
export function firstHead(saleId: string): string {
  return createHash('sha256').update(`fairgate-log\n${saleId}`).digest('hex');
}

/** The head after one more line, which is given without its line break. */
export function nextHead(head: string, line: string): string {
  return createHash('sha256').update(`${head}\n${line}`).digest('hex');
}
