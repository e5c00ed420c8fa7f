import {
  type Address,
  clientNetwork,
  isInNetwork,
  isLoopback,
  type Network,
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

/** As what the client is counted: an IPv4 address or the /64 of an IPv6 one; null where exempt. */
export function countedNetwork(c: Context, exempt: Exempt): string | null {
  const address = clientAddress(c);
  if (address === null || (exempt.loopback && isLoopback(address))) return null;
  if (exempt.networks.some((network) => isInNetwork(address, network))) return null;
  return networkText(clientNetwork(address));
}
