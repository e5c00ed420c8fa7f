import { bansMax } from '@fairgate/shared/bans/ban.ts';
import { type Signal, type Suspect, windowSeconds } from '@fairgate/shared/bans/suspects.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { type BanParts, detailOf, tryPublish } from './bans.ts';
import type { Rows } from './ports.ts';

const actor = 'system:suspicion';
/** Reports in one pass; the rest waits for the next. */
const takeMax = 100;

const words: Record<Signal, string> = {
  join: 'attempts to join',
  'challenge-failed': 'failed challenges',
  'ticket-forged': 'forged tickets',
};

/**
 * Bans what gateways report, for `seconds` (0: nothing), with the reason in the audit log. Whoever
 * is banned already is not banned again.
 */
export function suspectBans(parts: BanParts, seconds: number): () => Promise<void> {
  const { store, counts, clock, log } = parts;
  return async () => {
    const suspects = await counts.takeSuspects(takeMax);
    if (suspects.length === 0 || seconds === 0) return;
    const made = await store.transaction(async (rows) => {
      const now = clock.now();
      await rows.bans.lock();
      let some = 0;
      for (const suspect of suspects) {
        if ((await banSuspect(rows, suspect, now, seconds)) === 'banned') some += 1;
      }
      return some;
    });
    if (made === 0) return;
    log.warn({ bans: made }, 'suspicious addresses were banned for a time');
    await tryPublish(parts);
  };
}

async function banSuspect(
  rows: Rows,
  { network, signal, count }: Suspect,
  now: number,
  seconds: number,
): Promise<'banned' | 'kept'> {
  const kind = network.includes('/') ? ('cidr' as const) : ('ip' as const);
  if ((await rows.bans.like(kind, network, now)) !== null) return 'kept';
  if ((await rows.bans.count(now)) >= bansMax) return 'kept';
  const span = windowSeconds[signal];
  const reason = `${count} ${words[signal]} within ${span === 60 ? 'a minute' : `${span / 60} minutes`}`;
  const expiresAt = now + seconds * 1_000;
  const ban = {
    id: newId('ban', now),
    kind,
    value: network,
    reason,
    actor,
    createdAt: now,
    expiresAt,
  };
  await rows.bans.insert(ban);
  await rows.note({ actor, action: 'ban.created', detail: { ...detailOf(ban), signal, count } });
  return 'banned';
}
