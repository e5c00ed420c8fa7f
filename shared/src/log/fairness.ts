import { z } from 'zod';
import { isoTime } from '../clock.ts';
import type { StoredDraw } from '../draw/drawing.ts';
import { type SaleMode, saleModes } from '../sale.ts';
import type { AuditReport } from './auditor.ts';
import type { LogHead } from './blocks.ts';

/** All that Postgres knows of a sale's order. */
export type FairnessFacts = {
  saleId: string;
  mode: SaleMode;
  /** `started`: it has been open at some time. The public knows of no draft and no deleted sale. */
  standing: 'draft' | 'deleted' | 'coming' | 'started';
  head: LogHead | null;
  audit: AuditReport | null;
  draw: StoredDraw | null;
};

const count = z.int().min(0);
const hex = z.string().nullable();
const lane = z.object({ joined: count, admitted: count, inversions: count });

export const fairnessSchema = z.object({
  id: z.string().describe('of the sale'),
  mode: z.enum(saleModes),
  admitted: count,
  issued: count,
  inversions: count.describe('admissions while somebody of the same lane stood ahead, present'),
  lanes: z.record(z.string(), lane),
  counts: z.record(z.string(), count).describe('lines of the log by kind'),
  auditedSeq: count.describe('the last line that `lanes` and `inversions` count'),
  logSeq: count,
  logHead: hex.describe('head of the chain after line `logSeq`'),
  drawCommitment: hex,
  drawSeed: hex.describe('the secret, once drawn'),
  lobbySeq: count.nullable(),
  lobbyHead: hex,
  entrants: count.nullable(),
  randomnessUrl: z.string().nullable().describe('named before the lobby opened'),
  randomness: z.string().nullable(),
  drawKey: hex,
  drawnAt: z.iso.datetime().nullable(),
});
export type Fairness = z.infer<typeof fairnessSchema>;

/** What everybody may know; the secret and what follows from it only after the draw. */
export function fairnessOf({ saleId, mode, head, audit, draw: stored }: FairnessFacts): Fairness {
  const draw = mode === 'lottery' ? stored : null;
  // The line stands in the log a moment before `drawnAt` does.
  const isDrawn = (draw?.drawnAt ?? null) !== null || (head?.counts.drawn ?? 0) > 0;
  const drawn = isDrawn ? draw : null;
  const lanes = audit?.lanes ?? {};
  return {
    id: saleId,
    mode,
    admitted: head?.counts.admitted ?? 0,
    issued: head?.counts.issued ?? 0,
    inversions: Object.values(lanes).reduce((sum, { inversions }) => sum + inversions, 0),
    lanes: { main: { joined: 0, admitted: 0, inversions: 0 }, ...lanes },
    counts: head?.counts ?? {},
    auditedSeq: audit?.seq ?? 0,
    logSeq: head?.seq ?? 0,
    logHead: head?.head ?? null,
    drawCommitment: draw?.commitment ?? null,
    drawSeed: drawn?.secret ?? null,
    lobbySeq: draw?.lobbySeq ?? null,
    lobbyHead: draw?.lobbyHead ?? null,
    entrants: draw?.entrants ?? null,
    randomnessUrl: draw?.randomnessUrl || null,
    randomness: draw?.randomness ?? null,
    drawKey: drawn?.key ?? null,
    drawnAt: drawn?.drawnAt ? isoTime(drawn.drawnAt) : null,
  };
}
