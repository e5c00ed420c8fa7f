import { type LookupAddress, promises } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type HostKind, hostKind } from '@fairgate/shared/public-host.ts';

/** Which kinds of hosts may be connected to. */
export type Allowed = ReadonlySet<HostKind>;

/** It resolves, and to nothing that may be connected to. */
export class NotPublic extends Error {
  constructor() {
    super('it is not a public address');
    this.name = 'NotPublic';
  }
}

/** Its name servers say that it has no address. */
export const isNameless = ({ code }: NodeJS.ErrnoException) =>
  code === 'ENOTFOUND' || code === 'ENODATA';

type Resolve = (host: string) => Promise<LookupAddress[]>;

/**
 * Looks a name up and gives those of its addresses alone that are allowed: what is checked is what is
 * connected to, however the answer may change a moment later (DNS rebinding).
 */
export function publicLookup(resolve: Resolve, allowed: Allowed): LookupFunction {
  return (host, options, answer) => {
    const found = hostKind(host) === 'loopback' ? Promise.resolve(loopback) : resolve(host);
    found.then(
      (all) => {
        const good = all.filter(({ address }) => allowed.has(hostKind(address)));
        const [first] = good;
        if (first === undefined) return answer(new NotPublic(), '');
        if (options.all) return answer(null, good);
        answer(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => answer(error, ''),
    );
  };
}

const loopback: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];

/**
 * Asks the name servers by itself, each for a few seconds: `dns.lookup` would wait in one of Node's four
 * threads, and a name that nobody answers for would hold up everything else that needs them.
 */
export function nameResolver(servers: readonly string[] = []): Resolve {
  const resolver = new promises.Resolver({ timeout: 2_500, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return async (host) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses: LookupAddress[] = [
      ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
      ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason;
    return addresses;
  };
}
