import { randomBytes } from 'node:crypto';
import { parseNetwork } from '@fairgate/shared/address.ts';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { countedNetwork, pressureNetwork } from './client.ts';
import { addressDigest } from './door.ts';
import { joinRefusal } from './refusals.ts';

const office = parseNetwork('198.51.100.0/24');
if (office === null) throw new Error('no network');
const exempt = { loopback: true, networks: [office] };
const door = { exempt, addressKey: randomBytes(32) };

/** What a request with these headers is counted as, and the digest that the room is told. */
async function asked(headers: Record<string, string>, key = door.addressKey): Promise<string[]> {
  const app = new Hono();
  app.get('/', (c) => {
    const digest = addressDigest({ ...door, addressKey: key }, c);
    return c.json([
      countedNetwork(c, exempt) ?? '-',
      digest ?? '-',
      pressureNetwork(c, exempt) ?? '-',
    ]);
  });
  return z.array(z.string()).parse(await (await app.request('/', { headers })).json());
}
const from = (address: string) => ({ 'cf-connecting-ip': address });

test('places are counted by a keyed digest of the address, or of the /64 that it is in', async () => {
  const [, v4 = ''] = await asked(from('203.0.113.7'));
  expect(v4).toMatch(/^[\w-]{16}$/);
  expect((await asked(from('::ffff:203.0.113.7'))).slice(0, 2)).toEqual(['203.0.113.7', v4]);
  const [network, v6] = await asked(from('2001:db8:0:7::1'));
  expect(network).toBe('2001:db8:0:7::/64');
  expect((await asked(from('2001:db8:0:7:ffff::2')))[1]).toBe(v6);
  expect((await asked(from('2001:db8:0:8::1')))[1]).not.toBe(v6);
  expect((await asked(from('203.0.113.7'), randomBytes(32)))[1]).not.toBe(v4);
});

test('the pressure on challenges is that of an IPv4 /24, or of an IPv6 /48', async () => {
  const networkOf = async (address: string) => (await asked(from(address)))[2];
  expect(await networkOf('203.0.113.7')).toBe('203.0.113.0/24');
  expect(await networkOf('::ffff:203.0.113.200')).toBe('203.0.113.0/24');
  expect(await networkOf('2001:db8:7:1::1')).toBe('2001:db8:7::/48');
});

test('who is exempt, or comes from nowhere, is not counted', async () => {
  for (const address of ['127.0.0.1', '::1', '198.51.100.200', '::ffff:198.51.100.1', 'unknown']) {
    expect(await asked(from(address))).toEqual(['-', '-', '-']);
  }
  expect(await asked({})).toEqual(['-', '-', '-']);
});

test('no header but the platform’s says where a request comes from', async () => {
  const claims = {
    'x-forwarded-for': '192.0.2.1',
    'x-real-ip': '192.0.2.2',
    'true-client-ip': '192.0.2.3',
    forwarded: 'for=192.0.2.4',
  };
  expect((await asked({ ...claims, ...from('203.0.113.7') }))[0]).toBe('203.0.113.7');
  expect((await asked(claims))[0]).toBe('-');
});

test('too many places of one network are told as that, with a time to come back', () => {
  const { slug, details } = joinRefusal({ kind: 'too-many-places' });
  expect(slug).toBe('rate-limited');
  expect(details).toMatchObject({ extra: { reason: 'too-many-places' }, retryAfterSeconds: 30 });
  expect(details.detail).toContain('network');
});
