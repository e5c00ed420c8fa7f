import {
  blockedDays,
  blockedKey,
  blockedTotalsKey,
  limitKey,
  type Signal,
  type SignalCounts,
  signals,
  suspectsKey,
  suspectsMax,
  windowSeconds,
} from '@fairgate/shared/bans/suspects.ts';
import { roomKey } from '@fairgate/shared/room/keys.ts';
import type { Redis } from 'ioredis';
import type { Blocked, CountAnswer, DoorGateways } from '../app/door-ports.ts';
import type { Unavailable } from '../app/ports.ts';
import { batches } from './batches.ts';

export type CounterParts = {
  redis: Pick<Redis, 'incrby' | 'expire' | 'pttl' | 'rpush' | 'ltrim' | 'exists' | 'hincrby'>;
  whenReady: () => Promise<void>;
  /** From how many in a window on a network is reported; 0: never. */
  suspiciousFrom: Record<Signal, number>;
};

type Question = { network: string; counts: SignalCounts };
type Counted = Extract<CountAnswer, { kind: 'counted' }>;

/** What comes within this time goes to Redis together. */
const gatherMs = 2;
const gatherMax = 250;

/**
 * Counts what comes from networks, in Redis, since a client may reach any isolate anywhere. A
 * network is always counted by the same gateway, and the counter holds for all of them.
 */
export function counters(parts: CounterParts): Pick<DoorGateways, 'count' | 'blocked'> {
  const { redis, whenReady } = parts;
  const gathered = batches({
    run: (_all: string, questions: Question[]) => countAll(parts, questions),
    waitMs: gatherMs,
    sizeMax: gatherMax,
  });
  const reach = async <A>(work: () => Promise<A>): Promise<A | Unavailable> => {
    try {
      await whenReady();
      return await work();
    } catch (error) {
      return { kind: 'unavailable', cause: String(error) };
    }
  };
  return {
    count: (network, counts) => reach(() => gathered.ask('all', { network, counts })),
    blocked: (all) =>
      reach(async () => {
        await Promise.all(all.map((one) => noteBlocked(redis, one)));
        return { kind: 'noted' as const };
      }),
  };
}

/**
 * One INCRBY for each network and signal, all of them sent before the first is answered. Each
 * question is told the total as if it had been counted alone, after those before it.
 */
async function countAll(parts: CounterParts, questions: Question[]): Promise<Counted[]> {
  const sums = new Map<string, SignalCounts>();
  const before = questions.map(({ network, counts }) => {
    const sum = sums.get(network) ?? {};
    sums.set(network, addTo(sum, counts));
    return sum;
  });
  const networks = [...sums].map(([network, counts]) => ({ network, counts }));
  const counted = await Promise.all(networks.map((sum) => countNetwork(parts, sum)));
  const byNetwork = new Map(networks.map(({ network }, i) => [network, counted[i]]));
  return questions.map(({ network, counts }, i): Counted => {
    const after = addTo(before[i] ?? {}, counts);
    const { totals = {}, joinMs = 0 } = byNetwork.get(network) ?? {};
    const own: SignalCounts = {};
    for (const signal of signals) {
      if (!counts[signal]) continue;
      own[signal] =
        (totals[signal] ?? 0) - (sums.get(network)?.[signal] ?? 0) + (after[signal] ?? 0);
    }
    return { kind: 'counted', totals: own, joinMs };
  });
}

function addTo(sum: SignalCounts, more: SignalCounts): SignalCounts {
  const all = { ...sum };
  for (const signal of signals) all[signal] = (sum[signal] ?? 0) + (more[signal] ?? 0);
  return all;
}

async function countNetwork(parts: CounterParts, { network, counts }: Question): Promise<Counted> {
  const totals: SignalCounts = {};
  let joinMs = 0;
  await Promise.all(
    signals.map(async (signal) => {
      const more = counts[signal] ?? 0;
      if (more === 0) return;
      const { total, leftMs } = await add(parts, signal, network, more);
      totals[signal] = total;
      if (signal === 'join') joinMs = leftMs;
    }),
  );
  return { kind: 'counted', totals, joinMs };
}

async function add(parts: CounterParts, signal: Signal, network: string, more: number) {
  const { redis } = parts;
  const key = limitKey(signal, network);
  const [total, ttlMs] = await Promise.all([redis.incrby(key, more), redis.pttl(key)]);
  const seconds = windowSeconds[signal];
  // Without a lifetime it is new, or whoever made it died before this.
  if (ttlMs < 0) await redis.expire(key, seconds);
  const from = parts.suspiciousFrom[signal];
  // Once at each multiple, so that a report that was lost is made again.
  if (from > 0 && Math.floor(total / from) > Math.floor((total - more) / from)) {
    await redis.rpush(suspectsKey, JSON.stringify({ network, signal, count: total }));
    await redis.ltrim(suspectsKey, -suspectsMax, -1);
  }
  return { total, leftMs: ttlMs < 0 ? seconds * 1_000 : ttlMs };
}

/** Of sales that there are: whoever guesses ids fills nothing. */
async function noteBlocked(redis: CounterParts['redis'], { saleId, reasons }: Blocked) {
  if ((await redis.exists(roomKey(saleId, 'room'))) === 0) return;
  const key = blockedKey(saleId);
  await Promise.all(
    Object.entries(reasons).flatMap(([reason, count]) => [
      redis.hincrby(key, reason, count),
      redis.hincrby(blockedTotalsKey, reason, count),
    ]),
  );
  await redis.expire(key, blockedDays * 86_400);
}
