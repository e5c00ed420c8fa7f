import { isInNetwork, isLoopback, type Network, parseAddress, parseNetwork } from './address.ts';

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

/** Names that no public resolver knows (RFC 6761, RFC 6762, RFC 8375, and what companies use). */
const privateEnds = ['local', 'internal', 'lan', 'home.arpa', 'test', 'invalid'];

/** `private` is all that is not public; `name`: one that may be public, which a look-up will tell. */
export type HostKind = 'public' | 'loopback' | 'private' | 'name';

/**
 * What kind of host this is that we were asked to call, from inside: an address, or a name in lower
 * case. The one place that knows, for webhooks and push messages alike (OWASP: server-side request
 * forgery).
 */
export function hostKind(host: string): HostKind {
  const address = parseAddress(host);
  if (address === null) return nameKind(host);
  if (isLoopback(address)) return 'loopback';
  if (address.bits === 128 && !isInNetwork(address, givenOut)) return 'private';
  return special.some((one) => isInNetwork(address, one)) ? 'private' : 'public';
}

/** `localhost` and what ends in it is a loopback (RFC 6761 section 6.3), whatever a resolver says. */
function nameKind(host: string): HostKind {
  const name = host.replace(/\.$/, '');
  if (endsIn(name, 'localhost')) return 'loopback';
  const isInside = !name.includes('.') || privateEnds.some((end) => endsIn(name, end));
  return isInside ? 'private' : 'name';
}

const endsIn = (name: string, end: string) => name === end || name.endsWith(`.${end}`);

/** The host of a URL; without the brackets where it is an IPv6 address. */
export const hostOf = ({ hostname }: URL) => hostname.replace(/^\[(.*)\]$/, '$1');

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === null) throw new Error(`${text} is no network`);
  return parsed;
}
