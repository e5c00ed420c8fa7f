import { z } from 'zod';
import { hostKind, hostOf } from '../public-host.ts';

/**
 * Where push messages may be sent. An endpoint is an address that a client gave us and that we call
 * from inside, so it must never lead back in (OWASP: server-side request forgery).
 */
export type PushRule = {
  /** `push.example` and `*.push.example`; `*` for any public host. */
  hosts: readonly string[];
  /** Also this machine, by http too: for tests, and the local stack. */
  allowsLoopback: boolean;
};

/** RFC 8030 sets no limit; those of the known services have 150 to 600 characters. */
export const pushEndpointMax = 1_000;

/** What is wrong with a push endpoint, in words for whoever sent it; null where nothing is. */
export function pushEndpointFault(endpoint: string, rule: PushRule): string | null {
  const url = URL.parse(endpoint);
  if (url === null || endpoint.length > pushEndpointMax) return 'is no URL of a push service';
  if (url.username !== '' || url.password !== '') return 'holds a name or a password';
  const kind = hostKind(hostOf(url));
  if (rule.allowsLoopback && kind === 'loopback') return null;
  if (url.protocol !== 'https:' || url.port !== '') return 'must be https on its own port';
  // Push services have names; what those lead to is checked when they are called.
  if (kind !== 'name') return 'is not on a public host';
  if (!rule.hosts.some((host) => matches(url.hostname, host))) {
    return 'is of no push service that is known here';
  }
  return null;
}

function matches(hostname: string, host: string): boolean {
  if (host === '*') return true;
  return host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
}

/** The push services of browsers: Chrome's and those made of it, Firefox', Safari's, Edge's. */
export const knownPushHosts =
  'fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com';

/** A setting of hosts, separated by commas; `*` is any. */
export const pushHostsSchema = z.string().transform((list, check): string[] => {
  const hosts = list
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  if (hosts.every((host) => host === '*' || /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)))
    return hosts;
  check.addIssue({ code: 'custom', message: 'must be hosts such as *.push.example, by commas' });
  return z.NEVER;
});
