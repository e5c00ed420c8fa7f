import { describe, expect, it } from 'vitest';
import { hostKind } from './public-address.ts';
import { urlMistake } from './webhook-url.ts';

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

it('public ones are public, and names are no addresses', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450::1']) {
    expect([address, hostKind(address)]).toEqual([address, 'public']);
  }
  expect(hostKind('shop.example')).toBe('none');
});

describe('the URL of a webhook', () => {
  it.each([
    'http://shop.example/',
    'ftp://shop.example/',
    'no url',
    'https://user:pass@shop.example/',
    'https://shop.example/#part',
    'https://127.0.0.1/',
    'https://localhost/',
    'https://shop.localhost/',
    'https://[::1]/',
    'https://169.254.169.254/latest/meta-data',
    // As browsers read them: 127.0.0.1.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:10.0.0.1]/',
  ])('is not %s', (url) => {
    expect(urlMistake(url, false)).not.toBeNull();
  });

  it('is https, of a public host', () => {
    expect(urlMistake('https://shop.example:8443/hooks?a=1', false)).toBeNull();
    expect(urlMistake('https://8.8.8.8/', false)).toBeNull();
  });

  it('may be http where it stays on the machine, and private, if that is set', () => {
    expect(urlMistake('http://127.0.0.1:9000/', true)).toBeNull();
    expect(urlMistake('http://localhost:9000/', true)).toBeNull();
    expect(urlMistake('https://10.0.0.1/', true)).toBeNull();
    expect(urlMistake('http://10.0.0.1/', true)).not.toBeNull();
    expect(urlMistake('http://shop.example/', true)).not.toBeNull();
  });
});
