import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appearanceSchema } from '../appearance.ts';
import { saleInfoSchema } from '../sale.ts';

/**
 * STRING JSON (`previewSchema`): a sale as a preview link shows it. Its own slot; owner: the queue
 * service, which writes it once; gone after `previewSeconds`.
 */
export function previewKey(id: string): string {
  return `fg:preview:${id}`;
}

/** For how long a preview link works. */
export const previewSeconds = 3_600;

/** What the page of a sale can look like: by the sale's state, and by that of one's place. */
export const previewStates = [
  'scheduled',
  'lobby',
  'lobby-joined',
  'open',
  'challenge',
  'waiting-far',
  'waiting-near',
  'admitted',
  'done',
  'expired',
  'left',
  'paused',
  'sold_out',
  'closed',
] as const;
export type PreviewState = (typeof previewStates)[number];

export const previewSchema = z.object({
  info: saleInfoSchema,
  /** Free units by product. */
  free: z.record(z.string(), z.int()),
  admitPerMinute: z.int(),
  tokenSeconds: z.int(),
  message: z.string(),
  /** The shop's own look, as it was when the link was made. */
  appearance: appearanceSchema.nullable().default(null),
  /** In ms since the epoch. */
  expiresAt: z.int(),
});
export type Preview = z.infer<typeof previewSchema>;

/** 192 random bits: whoever has the id may look, and nobody guesses it. */
export function newPreviewId(): string {
  return randomBytes(24).toString('base64url');
}

export function isPreviewId(text: string): boolean {
  return /^[A-Za-z0-9_-]{32}$/.test(text);
}
