import { expect, test } from 'vitest';
import {
  type BanKind,
  banListText,
  banListVersion,
  banValue,
  parseBanList,
  versionLength,
} from './ban.ts';

test('each kind of ban has one form of its value', () => {
  const forms: [BanKind, string, string][] = [
    ['ip', ' 2001:DB8::0:1 ', '2001:db8::1'],
    ['ip', '::ffff:203.0.113.7', '203.0.113.7'],
    ['cidr', '203.0.113.99/24', '203.0.113.0/24'],
    ['visitor', 'AbCdEf-_0123456789AbCd', 'AbCdEf-_0123456789AbCd'],
    ['country', 'de', 'DE'],
    ['country', 't1', 'T1'],
    ['asn', 'as64496', '64496'],
    ['asn', '064496', '64496'],
  ];
  for (const [kind, given, value] of forms) {
    expect(banValue(kind, given)).toEqual({ kind: 'value', value });
  }
});

test('what is no value of its kind is told what it must be', () => {
  const wrong: [BanKind, string][] = [
    ['ip', '203.0.113.0/24'],
    ['ip', 'example.org'],
    ['cidr', '203.0.113.0/33'],
    ['cidr', '203.0.113.0'],
    ['visitor', 'a visitor'],
    ['visitor', ''],
    ['country', 'DEU'],
    ['country', '12'],
    ['asn', '0'],
    ['asn', '4294967296'],
    ['asn', 'AS'],
  ];
  for (const [kind, given] of wrong) expect(banValue(kind, given).kind).toBe('wrong');
});

test('the version of a list can be read from its beginning alone', () => {
  const ban = { id: 'ban_1', kind: 'ip', value: '203.0.113.7', expiresAt: null } as const;
  for (const version of [0, 7, 9_007_199_254_740_991]) {
    const text = banListText({ version, bans: [ban] });
    expect(banListVersion(text.slice(0, versionLength))).toBe(version);
    expect(parseBanList(text)).toEqual({ version, bans: [ban] });
  }
  for (const text of ['', '{}', '[1]', 'null']) expect(banListVersion(text)).toBeNull();
});
