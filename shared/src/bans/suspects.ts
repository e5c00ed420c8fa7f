import { z } from 'zod';
import { clientNetwork, networkText, parseAddress } from '../address.ts';

/** What makes a network suspicious; `join` counts every attempt to join. */
export const signals = ['join', 'challenge-failed', 'ticket-forged'] as const;
export type Signal = (typeof signals)[number];
export type SignalCounts = { [S in Signal]?: number };

/** For how long each signal is counted, from the first one on. */
export const windowSeconds: Record<Signal, number> = {
  join: 60,
  'challenge-failed': 600,
  'ticket-forged': 600,
};

/** STRING count of a signal from a network (`clientNetwork`), for its window. Owner: the gateways. */
export function limitKey(signal: Signal, network: string): string {
  return `fg:limit:${signal}:${network}`;
}

/** All counters of the network that an address or a network of one client is in. */
export function limitKeysOf(value: string): string[] {
  const address = parseAddress(value.split('/')[0] ?? '');
  if (address === null) return [];
  const network = networkText(clientNetwork(address));
  return signals.map((signal) => limitKey(signal, network));
}

/** LIST of suspects as JSON, newest last: gateways push, the queue service takes and bans. */
export const suspectsKey = 'fg:suspects';
/** More at a time than anybody would look at; the oldest go. */
export const suspectsMax = 10_000;

const suspectSchema = z.object({
  /** An IPv4 address, or the /64 of an IPv6 one. */
  network: z.string(),
  signal: z.enum(signals),
  count: z.int(),
});
export type Suspect = z.infer<typeof suspectSchema>;

/** Throws a ZodError or SyntaxError for what is no suspect. */
export function parseSuspect(text: string): Suspect {
  return suspectSchema.parse(JSON.parse(text));
}

/** HASH reason -> how many attempts were refused in a sale; owner: the gateways. */
export function blockedKey(saleId: string): string {
  return `fg:{${saleId}}:blocked`;
}
/** HASH reason -> the same over all sales, for the metrics; owner: the gateways. */
export const blockedTotalsKey = 'fg:blocked';
/** Beside the reasons, which hold no colon: what was counted before Redis lost it is in the counts. */
export const blockedWholeField = ':whole';
/** After the last refusal. */
export const blockedDays = 60;
