import {
  type Address,
  addressText,
  isInNetwork,
  type Network,
  parseAddress,
} from '@fairgate/shared/address.ts';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

/** The address that a request came from, in its one form; null where nobody can tell. */
export type AddressOf = (c: Context) => string | null;

/**
 * That of the connection; or, where this is a trusted proxy's, the last one in `X-Forwarded-For`
 * that is none: what stands before it may be the client's own invention.
 */
export function addressReader(trusted: readonly Network[]): AddressOf {
  const isTrusted = (address: Address) => trusted.some((network) => isInNetwork(address, network));
  return (c) => {
    let address = peer(c);
    const hops = (c.req.header('x-forwarded-for') ?? '').split(',').reverse();
    for (const hop of hops) {
      if (address === null || !isTrusted(address)) break;
      address = parseAddress(hop.trim()) ?? address;
    }
    return address === null ? null : addressText(address);
  };
}

function peer(c: Context): Address | null {
  // Asked by `app.request()` there is no connection.
  if (c.env?.incoming === undefined) return null;
  return parseAddress(getConnInfo(c).remote.address ?? '');
}
