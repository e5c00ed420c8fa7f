import { z } from 'zod';
import type { TicketKey } from './key-set.ts';

/**
 * What the secrets of webhooks are kept under (ADR 0032). A key opens what it has sealed for as long
 * as that is kept, so none is ever retired by its age.
 */
export function sealKeysSetting({ keys }: { keys: readonly TicketKey[] }): string {
  return keys.map(({ k }) => k).join(',');
}

const olderSchema = z.looseObject({
  webhookKey: z.string().min(1),
  webhookKeys: z.undefined().optional(),
});

/** The secrets of a stack from before these keys were a set held one alone: it becomes the first. */
export function withSealKeys(stored: unknown): unknown {
  const older = olderSchema.safeParse(stored);
  if (!older.success) return stored;
  const { webhookKey: k, ...rest } = older.data;
  return { ...rest, webhookKeys: { keys: [{ kid: 'first', k }] } };
}
