import { type Address, networkOf, parseAddress, parseNetwork } from '@fairgate/shared/address.ts';
import type { ListedBan } from '@fairgate/shared/bans/ban.ts';

/** What is known of who asks; null where the platform does not say. */
export type Asking = {
  address: Address | null;
  /** ISO 3166, two letters. */
  country: string | null;
  asn: string | null;
  visitors: readonly string[];
};

export type BanMatcher = {
  isEmpty: boolean;
  /** Whether it matters who the visitor is, which takes longer to find out. */
  hasVisitors: boolean;
  find(asking: Asking, nowMs: number): ListedBan | null;
};

/** Networks of one kind of address, by their length: as many look-ups as there are lengths. */
type ByLength = Map<number, Map<bigint, ListedBan>>;

/** Makes of a list what finds a ban without walking it. */
export function compileBans(bans: readonly ListedBan[]): BanMatcher {
  const networks: Record<Address['bits'], ByLength> = { 32: new Map(), 128: new Map() };
  const exact = { visitor: new Map(), country: new Map(), asn: new Map() } satisfies Record<
    string,
    Map<string, ListedBan>
  >;
  for (const ban of bans) {
    if (ban.kind === 'ip' || ban.kind === 'cidr') addNetwork(networks, ban);
    else keepLonger(exact[ban.kind], ban.value, ban);
  }
  const { visitor, country, asn } = exact;
  return {
    isEmpty: bans.length === 0,
    hasVisitors: visitor.size > 0,
    find(asking, nowMs) {
      const found = [
        asking.address && findNetwork(networks, asking.address, nowMs),
        asking.country === null ? null : country.get(asking.country),
        asking.asn === null ? null : asn.get(asking.asn),
        ...asking.visitors.map((id) => visitor.get(id)),
      ];
      return found.find((ban) => ban && holds(ban, nowMs)) ?? null;
    },
  };
}

function addNetwork(networks: Record<Address['bits'], ByLength>, ban: ListedBan): void {
  const address = ban.kind === 'ip' ? parseAddress(ban.value) : null;
  const network = address ? networkOf(address, address.bits) : parseNetwork(ban.value);
  // The queue service lists none that cannot be read.
  if (network === null) return;
  const byLength = networks[network.bits];
  const ofLength = byLength.get(network.length) ?? new Map<bigint, ListedBan>();
  byLength.set(network.length, ofLength);
  keepLonger(ofLength, network.value, ban);
}

function findNetwork(
  networks: Record<Address['bits'], ByLength>,
  address: Address,
  nowMs: number,
): ListedBan | null {
  for (const [length, ofLength] of networks[address.bits]) {
    const ban = ofLength.get(networkOf(address, length).value);
    if (ban && holds(ban, nowMs)) return ban;
  }
  return null;
}

/** Of two bans of the same value the one that ends later. */
function keepLonger<K>(bans: Map<K, ListedBan>, key: K, ban: ListedBan): void {
  const known = bans.get(key);
  const endOf = (one: ListedBan) => one.expiresAt ?? Number.POSITIVE_INFINITY;
  if (!known || endOf(ban) > endOf(known)) bans.set(key, ban);
}

function holds({ expiresAt }: ListedBan, nowMs: number): boolean {
  return expiresAt === null || nowMs < expiresAt;
}
