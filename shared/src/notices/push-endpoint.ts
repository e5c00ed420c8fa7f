import { z } from 'zod';
import { type Address, isInNetwork, type Network, parseAddress, parseNetwork } from '../address.ts';

/**
 * Where push messages may be sent. An endpoint is an address that a client gave us and that we call
 * from inside, so it must never lead back in (OWASP: server-side request forgery).
 */
export type PushRule = {
  /** `push.example` and `*.push.example`; any public host where there are none. */
  hosts: readonly string[];
  /** Also this machine, by http too: for tests, and the local stack. */
  allowsLoopback: boolean;
};

/** RFC 8030 sets no limit; those of the known services have 150 to 600 characters. */
export const pushEndpointMax = 1_000;

/** Names that no public resolver knows (RFC 6761, RFC 6762, RFC 8375, and what companies use). */
const privateEnds = ['localhost', 'local', 'internal', 'lan', 'home.arpa', 'test', 'invalid'];

/** What is wrong with a push endpoint, in words for whoever sent it; null where nothing is. */
export function pushEndpointFault(endpoint: string, rule: PushRule): string | null {
  const url = URL.parse(endpoint);
  if (url === null || endpoint.length > pushEndpointMax) return 'is no URL of a push service';
  if (url.username !== '' || url.password !== '') return 'holds a name or a password';
  if (rule.allowsLoopback && isLoopbackName(url.hostname)) return null;
  if (url.protocol !== 'https:' || url.port !== '') return 'must be https on its own port';
  if (!isPublicName(url.hostname)) return 'is not on a public host';
  if (rule.hosts.length > 0 && !rule.hosts.some((host) => matches(url.hostname, host))) {
    return 'is of no push service that is known here';
  }
  return null;
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

/** A name with dots in it, and no address: URLs have addresses in one form each (WHATWG URL). */
function isPublicName(hostname: string): boolean {
  const labels = hostname.replace(/\.$/, '').split('.');
  if (hostname.startsWith('[') || labels.length < 2) return false;
  if (/^\d+$/.test(labels.at(-1) ?? '')) return false;
  const name = labels.join('.');
  return !privateEnds.some((end) => name === end || name.endsWith(`.${end}`));
}

function matches(hostname: string, host: string): boolean {
  return host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
}

/** Not routed on the internet, or of one's own net (IANA special-purpose registries). */
const notPublic = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
].flatMap((text) => parseNetwork(text) ?? []);

/** Of IPv6 only what is given out for the internet; 6to4, Teredo and documentation hide others. */
const publicV6 = parseNetwork('2000::/3');
const hiddenV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].flatMap(
  (text) => parseNetwork(text) ?? [],
);

/** Whether an address that a name was resolved to is one of the internet. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  if (address === null) return false;
  if (address.bits === 32) return !isInAny(address, notPublic);
  return publicV6 !== null && isInNetwork(address, publicV6) && !isInAny(address, hiddenV6);
}

function isInAny(address: Address, networks: readonly Network[]): boolean {
  return networks.some((network) => isInNetwork(address, network));
}

/** A setting of hosts, separated by commas. */
export const pushHostsSchema = z.string().transform((list, check): string[] => {
  const hosts = list
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  if (hosts.every((host) => /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host))) return hosts;
  check.addIssue({ code: 'custom', message: 'must be hosts such as *.push.example, by commas' });
  return z.NEVER;
});
