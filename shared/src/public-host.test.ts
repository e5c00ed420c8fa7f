import { describe, expect, it } from 'vitest';
import { hostKind } from './public-host.ts';

describe('an address that is no public host is known', () => {
  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '169.254.169.254', '172.31.255.255', '192.168.0.1'],
    ...['198.18.0.1', '203.0.113.1', '224.0.0.1', '255.255.255.255'],
    ...['::', 'fe80::1', 'fd00::1', 'ff02::1', '64:ff9b::a00:1', '2002:a00:1::', '2001::1'],
    ...['2001:db8::1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'],
  ])('%s', (address) => {
    expect(hostKind(address)).toBe('private');
  });

  it.each(['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'])('%s', (address) => {
    expect(hostKind(address)).toBe('loopback');
  });
});

it('public ones are public', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450::1']) {
    expect([address, hostKind(address)]).toEqual([address, 'public']);
  }
});

it.each([
  ['localhost', 'loopback'],
  ['app.localhost.', 'loopback'],
  ['redis', 'private'],
  ['metadata.google.internal', 'private'],
  ['router.lan.', 'private'],
  ['shop.example', 'name'],
  ['mylocalhost.example', 'name'],
  ['notlocal', 'private'],
  ['not-internal.example', 'name'],
])('a name tells whether it may be public: %s', (name, kind) => {
  expect(hostKind(name)).toBe(kind);
});
