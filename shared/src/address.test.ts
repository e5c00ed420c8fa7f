import { expect, test } from 'vitest';
import {
  addressText,
  clientNetwork,
  isInNetwork,
  isLoopback,
  networkText,
  parseAddress,
  parseNetwork,
} from './address.ts';

const canonical = (text: string) => {
  const address = parseAddress(text);
  return address && addressText(address);
};
const network = (text: string) => {
  const parsed = parseNetwork(text);
  return parsed && networkText(parsed);
};

test('an address has one canonical form, however it was written', () => {
  expect(canonical('203.0.113.7')).toBe('203.0.113.7');
  expect(canonical('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
  expect(canonical('2001:db8::0:1')).toBe('2001:db8::1');
  expect(canonical('::')).toBe('::');
  expect(canonical('1::')).toBe('1::');
  expect(canonical('1:0:0:2:0:0:0:3')).toBe('1:0:0:2::3');
  expect(canonical('1:2:3:4:5:6:0:8')).toBe('1:2:3:4:5:6:0:8');
});

test('an IPv4-mapped IPv6 address is the IPv4 one, and so are networks of them', () => {
  expect(canonical('::ffff:203.0.113.7')).toBe('203.0.113.7');
  expect(canonical('::FFFF:cb00:7107')).toBe('203.0.113.7');
  expect(network('::ffff:203.0.113.7/120')).toBe('203.0.113.0/24');
});

test('what is no address is none', () => {
  const wrong = ['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '1.2.3.4:80', 'localhost'];
  const wrong6 = [':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::1%lo'];
  const wrongTails = ['1.2.3.4::', '1:2:3:4:5:6:7::8', '::1.2.3', '[::1]', '::g'];
  for (const text of [...wrong, ...wrong6, ...wrongTails])
    expect([text, canonical(text)]).toEqual([text, null]);
});

test('a network is told by its first address, and no length is taken that cannot be', () => {
  expect(network('203.0.113.77/24')).toBe('203.0.113.0/24');
  expect(network('2001:db8:1:2:3::/64')).toBe('2001:db8:1:2::/64');
  expect(network('203.0.113.7/32')).toBe('203.0.113.7');
  expect(network('0.0.0.0/0')).toBe('0.0.0.0/0');
  for (const text of [
    '1.2.3.4',
    '1.2.3.4/33',
    '::/129',
    '1.2.3.4/',
    '1.2.3.4/-1',
    '::ffff:1.2.3.4/95',
  ]) {
    expect([text, network(text)]).toEqual([text, null]);
  }
});

test('who counts as one is an IPv4 address, or the /64 of an IPv6 one', () => {
  const of = (text: string) => networkText(clientNetwork(parseAddress(text)!));
  expect(of('203.0.113.7')).toBe('203.0.113.7');
  expect(of('2001:db8:1:2:aaaa::1')).toBe('2001:db8:1:2::/64');
  expect(of('2001:db8:1:2:bbbb::9')).toBe('2001:db8:1:2::/64');
  expect(of('2001:db8:1:3::1')).not.toBe('2001:db8:1:2::/64');
});

test('an address is in a network of its own kind, by the first bits', () => {
  const isIn = (address: string, net: string) =>
    isInNetwork(parseAddress(address)!, parseNetwork(net)!);
  expect(isIn('203.0.113.255', '203.0.113.0/24')).toBe(true);
  expect(isIn('203.0.114.0', '203.0.113.0/24')).toBe(false);
  expect(isIn('::1', '0.0.0.0/0')).toBe(false);
  expect(isIn('2001:db8::1', '2001:db8::/32')).toBe(true);
});

test('loopback is 127.0.0.0/8 and ::1', () => {
  for (const text of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    expect(isLoopback(parseAddress(text)!)).toBe(true);
  }
  for (const text of ['128.0.0.1', '::2', '10.0.0.1']) {
    expect(isLoopback(parseAddress(text)!)).toBe(false);
  }
});
