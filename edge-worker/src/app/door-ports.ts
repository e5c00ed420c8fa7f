import type { SignalCounts } from '@fairgate/shared/bans/suspects.ts';
import type { Unavailable } from './ports.ts';

/** `none`: there is no list that is newer than the one known. */
export type BansAnswer = { kind: 'list'; text: string } | { kind: 'none' } | Unavailable;

/** `totals` of what was counted, each since its window began; `joinMs`: what is left of that of joins. */
export type CountAnswer = { kind: 'counted'; totals: SignalCounts; joinMs: number } | Unavailable;

/** Refused attempts of one sale, by the slug of the refusal. */
export type Blocked = { saleId: string; reasons: Record<string, number> };

/** What gateways do for the door. Nothing here throws. */
export type DoorGateways = {
  /** The list of bans, unless the version that is known is the last one. */
  bans(knownVersion: number): Promise<BansAnswer>;
  /** `network`: an IPv4 address or the /64 of an IPv6 one. */
  count(network: string, counts: SignalCounts): Promise<CountAnswer>;
  /** Refused attempts, for the summaries of their sales. */
  blocked(all: Blocked[]): Promise<{ kind: 'noted' } | Unavailable>;
};
