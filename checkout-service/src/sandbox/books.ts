import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { eventSchema, paymentSchema } from './api.ts';

/** What a payment under way will come to, and when. */
const dueSchema = z.object({
  atMs: z.number(),
  failure: z.string().nullable(),
  deliveries: z.number(),
});
export type Due = z.infer<typeof dueSchema>;

const entrySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('payment'), payment: paymentSchema, due: dueSchema.nullable() }),
  z.object({ kind: z.literal('event'), event: eventSchema, times: z.number() }),
  z.object({ kind: z.literal('delivered'), eventId: z.string() }),
]);
export type Entry = z.infer<typeof entrySchema>;

/** The sandbox's books: what was written before, and a place for what comes, all or nothing. */
export type Books = { before: readonly Entry[]; write(...entries: Entry[]): void };

export function memoryBooks(): Books {
  return { before: [], write() {} };
}

/**
 * Append-only NDJSON: written before anybody is answered, so that a killed sandbox forgets nothing.
 * A line that a kill tore is cut off, so that the next one does not grow on it.
 */
export function fileBooks(file: string): Books {
  // A place that cannot be written is told at the start, not at the first payment.
  appendFileSync(file, '', { mode: 0o600 });
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  const lines = whole.split('\n').filter((line) => line !== '');
  return {
    before: lines.map((line) => entrySchema.parse(JSON.parse(line))),
    write(...entries) {
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      appendFileSync(file, text, { mode: 0o600 });
    },
  };
}
