import { parseAddress } from '@fairgate/shared/address.ts';
import type { BanKind, ListedBan } from '@fairgate/shared/bans/ban.ts';
import { expect, test } from 'vitest';
import { type Asking, compileBans } from './ban-matcher.ts';

const nowMs = 1_000_000;
const ban = (kind: BanKind, value: string, expiresAt: number | null = null): ListedBan => {
  return { id: `${kind} ${value}`, kind, value, expiresAt };
};
const nobody: Asking = { address: null, country: null, asn: null, visitors: [] };
const from = (address: string): Asking => ({ ...nobody, address: parseAddress(address) });
const isBanned = (bans: ListedBan[], asking: Asking) =>
  compileBans(bans).find(asking, nowMs) !== null;

test('an address is barred alone, and by each network that it is in', () => {
  const bans = [
    ban('ip', '203.0.113.7'),
    ban('cidr', '198.51.100.0/24'),
    ban('cidr', '10.0.0.0/8'),
    ban('ip', '2001:db8::7'),
    ban('cidr', '2001:db8:1::/48'),
  ];
  const barred = ['203.0.113.7', '::ffff:203.0.113.7', '198.51.100.255', '10.200.0.1'];
  const barred6 = ['2001:db8::7', '2001:DB8:1:ffff::1'];
  for (const address of [...barred, ...barred6]) {
    expect([address, isBanned(bans, from(address))]).toEqual([address, true]);
  }
  const free = ['203.0.113.8', '198.51.101.0', '11.0.0.1', '2001:db8::8', '2001:db8:2::1'];
  for (const address of free) {
    expect([address, isBanned(bans, from(address))]).toEqual([address, false]);
  }
});

test('an IPv4-mapped network bars the IPv4 addresses in it', () => {
  expect(isBanned([ban('cidr', '::ffff:203.0.113.0/120')], from('203.0.113.9'))).toBe(true);
});

test('a visitor, a country and an ASN are barred by their whole value', () => {
  const bans = [ban('visitor', 'abc'), ban('country', 'XX'), ban('asn', '64496')];
  expect(isBanned(bans, { ...nobody, visitors: ['x', 'abc'] })).toBe(true);
  expect(isBanned(bans, { ...nobody, country: 'XX' })).toBe(true);
  expect(isBanned(bans, { ...nobody, asn: '64496' })).toBe(true);
  expect(isBanned(bans, { ...nobody, visitors: ['ab'], country: 'DE', asn: '6449' })).toBe(false);
  expect(isBanned(bans, nobody)).toBe(false);
});

test('a ban ends to the millisecond, and of two of one value the later end counts', () => {
  const until = (ms: number) => ban('ip', '203.0.113.7', ms);
  expect(isBanned([until(nowMs + 1)], from('203.0.113.7'))).toBe(true);
  expect(isBanned([until(nowMs)], from('203.0.113.7'))).toBe(false);
  for (const bans of [
    [until(nowMs), until(nowMs + 5)],
    [until(nowMs + 5), until(nowMs)],
  ]) {
    expect(isBanned(bans, from('203.0.113.7'))).toBe(true);
  }
  expect(isBanned([ban('ip', '203.0.113.7'), until(nowMs)], from('203.0.113.7'))).toBe(true);
});

test('a ban that is over hides no wider one that holds', () => {
  const bans = [ban('ip', '203.0.113.7', nowMs), ban('cidr', '203.0.113.0/24')];
  expect(isBanned(bans, from('203.0.113.7'))).toBe(true);
});

test('the work does not grow with the list, but with the lengths of its networks', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ban('ip', `10.0.${i >> 8}.${i & 255}`));
  const matcher = compileBans(many);
  const asking = from('192.0.2.1');
  const startedMs = performance.now();
  for (let i = 0; i < 10_000; i += 1) expect(matcher.find(asking, nowMs)).toBeNull();
  // Walking the list would take a hundred million comparisons.
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test('an empty list is known to be empty, and so is one without visitors', () => {
  expect(compileBans([])).toMatchObject({ isEmpty: true, hasVisitors: false });
  expect(compileBans([ban('asn', '1')])).toMatchObject({ isEmpty: false, hasVisitors: false });
  expect(compileBans([ban('visitor', 'a')]).hasVisitors).toBe(true);
});
