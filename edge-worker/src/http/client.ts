import {
  type Address,
  clientNetwork,
  isInNetwork,
  isLoopback,
  type Network,
  networkOf,
  networkText,
  parseAddress,
} from '@fairgate/shared/address.ts';
import type { Context } from 'hono';
import { z } from 'zod';

/** Who is exempt from limits and automatic bans, and from no ban that an operator makes. */
export type Exempt = { loopback: boolean; networks: readonly Network[] };

const platformSchema = z.object({ country: z.string().optional(), asn: z.number().optional() });

/**
 * The address that the platform names, and nobody else: it sets this header on every request, over
 * whatever the client sent, and no other header is looked at (CONTRACT.md section 1).
 */
export function clientAddress(c: Context): Address | null {
  return parseAddress(c.req.header('cf-connecting-ip') ?? '');
}

/** Where the platform says that the address is. */
export function clientOrigin(c: Context): { country: string | null; asn: string | null } {
  const raw = c.req.raw;
  const platform = platformSchema.safeParse('cf' in raw ? raw.cf : undefined);
  const { country, asn } = platform.success ? platform.data : {};
  return { country: country ?? null, asn: asn === undefined ? null : String(asn) };
}

/** An IPv4 network of 256 addresses, or what a provider gives to one IPv6 site (RFC 6177). */
const pressureLength = { 32: 24, 128: 48 } as const;

/** The network that presses on a sale when many of it ask for challenges; null where exempt. */
export function pressureNetwork(c: Context, exempt: Exempt): string | null {
  const address = clientAddress(c);
  if (address === null || isExempt(address, exempt)) return null;
  return networkText(networkOf(address, pressureLength[address.bits]));
}

/** As what the client is counted: an IPv4 address or the /64 of an IPv6 one; null where exempt. */
export function countedNetwork(c: Context, exempt: Exempt): string | null {
  const address = clientAddress(c);
  if (address === null || isExempt(address, exempt)) return null;
  return networkText(clientNetwork(address));
}

function isExempt(address: Address, { loopback, networks }: Exempt): boolean {
  if (loopback && isLoopback(address)) return true;
  return networks.some((network) => isInNetwork(address, network));
}
