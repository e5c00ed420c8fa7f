import {
  isInNetwork,
  isLoopback,
  type Network,
  parseAddress,
  parseNetwork,
} from '@fairgate/shared/address.ts';

/**
 * Networks that are no public host (IANA's special-purpose registries, RFC 6890). Of IPv6 only
 * 2000::/3 is given out; what tunnels to IPv4 (6to4, Teredo, NAT64) could name any of these again.
 */
const special: readonly Network[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
].map(network);
const givenOut = network('2000::/3');

/** What kind of host an address is; `private` is everything that is not public. */
export function hostKind(text: string): 'public' | 'loopback' | 'private' | 'none' {
  const address = parseAddress(text);
  if (address === null) return 'none';
  if (isLoopback(address)) return 'loopback';
  if (address.bits === 128 && !isInNetwork(address, givenOut)) return 'private';
  return special.some((one) => isInNetwork(address, one)) ? 'private' : 'public';
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === null) throw new Error(`${text} is no network`);
  return parsed;
}
