import { z } from 'zod';
import { Mismatch } from './mismatch.ts';

// The public endpoints of docs/draw.md, and nothing else of Fairgate.

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const laneSchema = z.object({ joined: count, admitted: count, inversions: count });

const reportSchema = z.object({
  id: z.string(),
  mode: z.enum(['fifo', 'lottery']),
  logSeq: count,
  logHead: hash.nullable(),
  counts: z.record(z.string(), count),
  admitted: count,
  issued: count,
  auditedSeq: count,
  lanes: z.record(z.string(), laneSchema),
  inversions: count,
  drawCommitment: hash.nullable(),
  drawSeed: hash.nullable(),
  drawKey: hash.nullable(),
  lobbySeq: count.nullable(),
  lobbyHead: hash.nullable(),
  entrants: count.nullable(),
  randomnessUrl: z.string().nullable(),
  randomness: z.string().nullable(),
});
export type Report = z.infer<typeof reportSchema>;

const lineSchema = z.strictObject({
  seq: z.int().min(1),
  at: z.int().min(0),
  kind: z.string(),
  lane: z.string(),
  number: count,
  score: z.number().optional(),
  ordinal: z.number().optional(),
  entrants: count.optional(),
  units: z.number().optional(),
  epoch: z.number().optional(),
});
export type Line = z.infer<typeof lineSchema>;
/** `text` as it was sent, which is what is hashed. */
export type LogEntry = { line: Line; text: string };

const saleSchema = z.object({
  id: z.string(),
  drawCommitment: hash.optional(),
  drawSeed: hash.optional(),
});
export type PublicSale = z.infer<typeof saleSchema>;

export const readReport = (edgeUrl: string, saleId: string) =>
  readJson(`${edgeUrl}/api/sales/${saleId}/fairness`, reportSchema);

export const readSale = (edgeUrl: string, saleId: string) =>
  readJson(`${edgeUrl}/api/sales/${saleId}`, saleSchema);

export async function readLog(edgeUrl: string, saleId: string): Promise<LogEntry[]> {
  const text = await (await ask(`${edgeUrl}/api/sales/${saleId}/fairness/log`)).text();
  if (text !== '' && !text.endsWith('\n')) throw new Mismatch('the log breaks off within a line');
  return text
    .split('\n')
    .slice(0, -1)
    .map((one, i) => ({ line: parseLine(one, i), text: one }));
}

export function parseLine(text: string, index: number): Line {
  const parsed = lineSchema.safeParse(asJson(text));
  if (!parsed.success) throw new Mismatch(`line ${index + 1} of the log is none: ${text}`);
  return parsed.data;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function readJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(asJson(await (await ask(url)).text()));
  if (!parsed.success) throw new Mismatch(`${url} answers in another form than docs/draw.md says`);
  return parsed.data;
}

async function ask(url: string): Promise<Response> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) {
    throw new Mismatch(`${url} answers ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  }
  return answer;
}
