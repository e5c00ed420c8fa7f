import type { Signal, SignalCounts } from '@fairgate/shared/bans/suspects.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import type { Blocked, DoorGateways } from './door-ports.ts';
import { limits } from './limits.ts';
import type { Keep } from './ports.ts';

export type Notes = {
  /** Something suspicious came from a network (`clientNetwork`, as text). */
  suspicious(network: string, signal: Signal, keep: Keep): void;
  /** An attempt in a sale was refused; `reason` is the slug. */
  blocked(saleId: string, reason: string, keep: Keep): void;
};

type Buffer = {
  openedAtMs: number;
  networks: Map<string, SignalCounts>;
  sales: Map<string, Record<string, number>>;
};

/** What is noted at the door gathers for a second; the request that opens the buffer keeps it. */
export function gatheredNotes(
  gateways: Pick<DoorGateways, 'count' | 'blocked'>,
  clock: Clock,
  sleep: (ms: number) => Promise<void>,
): Notes {
  let open: Buffer | undefined;

  const flush = async (buffer: Buffer): Promise<void> => {
    await sleep(limits.flushAfterMs);
    if (open === buffer) open = undefined;
    const networks = [...buffer.networks];
    const blocked: Blocked[] = [...buffer.sales].map(([saleId, reasons]) => ({ saleId, reasons }));
    // Another request may have taken the buffer over: what goes out goes once.
    buffer.networks.clear();
    buffer.sales.clear();
    // A count that is lost with its gateway is lost: nobody waits for it.
    await Promise.all([
      ...networks.map(([network, counts]) => gateways.count(network, counts)),
      ...(blocked.length > 0 ? [gateways.blocked(blocked)] : []),
    ]);
  };

  const buffered = (keep: Keep): Buffer => {
    const now = clock.now();
    if (open && now - open.openedAtMs < limits.flushLostMs) return open;
    // The request that kept the last one may have died with it: what it held goes on.
    open = {
      openedAtMs: now,
      networks: open?.networks ?? new Map(),
      sales: open?.sales ?? new Map(),
    };
    keep(flush(open));
    return open;
  };

  return {
    suspicious(network, signal, keep) {
      const { networks } = buffered(keep);
      const counts = networks.get(network) ?? {};
      if (!networks.has(network) && networks.size >= limits.notesMax) return;
      networks.set(network, counts);
      counts[signal] = (counts[signal] ?? 0) + 1;
    },
    blocked(saleId, reason, keep) {
      const { sales } = buffered(keep);
      const reasons = sales.get(saleId) ?? {};
      if (!sales.has(saleId) && sales.size >= limits.notesMax) return;
      sales.set(saleId, reasons);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    },
  };
}
