import type { Log } from './ports.ts';
import type { LedgerHolder } from './webhook-ports.ts';

/** Longer than a statement of ours leaves a transaction idle: it is somebody else's, and forgotten. */
const tellAfterSeconds = 10;
const tellEverySeconds = 300;

type Parts = {
  now(): number;
  log: Log;
  /** For how long readers of the ledger have waited; 0: they do not. */
  onHeld(seconds: number): void;
};

/**
 * Is told after each look at the ledger whose transaction holds up its readers, or null. Says so in the
 * log once it has lasted, again every five minutes, and when it is over.
 */
export function ledgerWatch({ now, log, onHeld }: Parts): (holder: LedgerHolder | null) => void {
  let heldSince: number | null = null;
  let toldAt: number | null = null;
  return (holder) => {
    const at = now();
    if (holder === null) {
      if (toldAt !== null) log.info({}, 'the ledger is read again: nobody holds it up');
      [heldSince, toldAt] = [null, null];
      return onHeld(0);
    }
    heldSince ??= at;
    const { pid, application, state } = holder;
    const seconds = Math.max(holder.seconds ?? 0, Math.round((at - heldSince) / 1_000));
    onHeld(seconds);
    if (seconds < tellAfterSeconds) return;
    if (toldAt !== null && at - toldAt < tellEverySeconds * 1_000) return;
    toldAt = at;
    const text =
      'an open transaction on the ledger holds up webhooks and events (docs/webhooks.md)';
    log.warn({ seconds, pid, application, state }, text);
  };
}
