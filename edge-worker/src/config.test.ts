import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { networkText } from '@fairgate/shared/address.ts';
import { expect, test } from 'vitest';
import { readEdgeConfig, readGatewayConfig } from './config.ts';

const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const good = {
  ROOM_REDIS_URL: 'redis://127.0.0.1:6379',
  CHECKOUT_ORIGINS: 'http://127.0.0.1:1, http://127.0.0.1:2/',
  PUBLIC_ORIGIN: 'https://shop.example',
  TICKET_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: randomBytes(32).toString('base64url') }] }),
  PASS_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'k'.repeat(43) }] }),
  PURCHASE_KEYS: JSON.stringify({ keys: [{ ...jwk, kid: 'a', alg: 'EdDSA', use: 'sig' }] }),
  ADMISSION_KEY: randomBytes(32).toString('base64url'),
  ALTCHA_KEY: randomBytes(32).toString('base64url'),
};

test('good settings are read, with the defaults of those that have one', () => {
  const config = readEdgeConfig(good);
  expect(config).toMatchObject({
    publicOrigin: 'https://shop.example',
    ownOrigins: ['https://shop.example'],
    secureCookies: true,
    checkoutOrigins: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    gatewayShards: 4,
    exempt: { loopback: false, networks: [] },
    joinsPerMinute: 300,
  });
  expect(JSON.stringify(config.purchaseKeys.publicSet)).not.toContain(`${jwk.d}`);
  expect(readGatewayConfig(good).admissionKey).toHaveLength(32);
});

test('who is exempt from limits is a list of addresses and networks', () => {
  const { exempt } = readEdgeConfig({ ...good, LIMIT_EXEMPT: '203.0.113.7, 2001:db8::/32,' });
  expect(exempt.networks.map(networkText)).toEqual(['203.0.113.7', '2001:db8::/32']);
  expect(messageOf(() => readEdgeConfig({ ...good, LIMIT_EXEMPT: 'home' }))).toContain(
    'LIMIT_EXEMPT',
  );
});

test('Turnstile has a site key and a secret, or neither; what is missing is named', () => {
  const pair = { TURNSTILE_SITE_KEY: 'site', TURNSTILE_SECRET: 'sesame' };
  expect(readEdgeConfig(good).turnstile).toBeNull();
  const empty = { TURNSTILE_SITE_KEY: '', TURNSTILE_SECRET: '' };
  expect(readEdgeConfig({ ...good, ...empty }).turnstile).toBeNull();
  expect(readEdgeConfig({ ...good, ...pair }).turnstile).toEqual({
    siteKey: 'site',
    secret: 'sesame',
    url: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
  });
  for (const name of ['TURNSTILE_SITE_KEY', 'TURNSTILE_SECRET'] as const) {
    const told = messageOf(() => readEdgeConfig({ ...good, ...pair, [name]: undefined }));
    expect(told).toContain(`${name}: is missing`);
    expect(told).not.toContain('sesame');
  }
  const elsewhere = { ...good, ...pair, TURNSTILE_URL: 'ftp://x.example' };
  expect(messageOf(() => readEdgeConfig(elsewhere))).toContain('TURNSTILE_URL');
});

test('browsers subscribe with a key where there is one, to push services that may be named', () => {
  expect(readEdgeConfig({ ...good, VAPID_PUBLIC_KEY: '' })).toMatchObject({
    vapidPublicKey: null,
    pushRule: { hosts: expect.arrayContaining(['fcm.googleapis.com']), allowsLoopback: false },
  });
  const VAPID_PUBLIC_KEY = `B${'A'.repeat(86)}`;
  const more = { VAPID_PUBLIC_KEY, PUSH_HOSTS: '*.push.example', PUSH_LOOPBACK: '1' };
  expect(readEdgeConfig({ ...good, ...more })).toMatchObject({
    vapidPublicKey: VAPID_PUBLIC_KEY,
    pushRule: { hosts: ['*.push.example'], allowsLoopback: true },
  });
  for (const [name, wrong] of [
    ['VAPID_PUBLIC_KEY', 'key'],
    ['PUSH_HOSTS', 'https://push.example'],
  ] as const) {
    expect(messageOf(() => readEdgeConfig({ ...good, [name]: wrong }))).toContain(name);
  }
});

test('on a loopback, localhost is the same origin', () => {
  const config = readEdgeConfig({ ...good, PUBLIC_ORIGIN: 'http://127.0.0.1:8787' });
  expect(config.ownOrigins).toEqual(['http://127.0.0.1:8787', 'http://localhost:8787']);
  expect(config.secureCookies).toBe(false);
});

test('all mistakes are told together, each by its name, and no secret is repeated', () => {
  const secret = 'not-a-key-but-still-secret';
  const bad = {
    ROOM_REDIS_URL: 'http://example.com',
    CHECKOUT_ORIGINS: 'nonsense',
    PUBLIC_ORIGIN: 'ftp://example.com',
    TICKET_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: secret }] }),
    PURCHASE_KEYS: JSON.stringify({ keys: [{ kid: 'a', d: secret }] }),
    ADMISSION_KEY: secret,
    ALTCHA_KEY: secret,
    GATEWAY_SHARDS: '0',
    LIMIT_LOOPBACK: 'maybe',
    TURNSTILE_SITE_KEY: undefined,
  };
  const told = messageOf(() => readEdgeConfig({ ...bad, TURNSTILE_SECRET: secret }));
  for (const name of Object.keys(bad)) expect(told).toMatch(new RegExp(`^ +${name}[.:]`, 'm'));
  expect(told).not.toContain(secret);
  const missing = messageOf(() => readEdgeConfig({}));
  for (const name of Object.keys(good)) expect(missing).toContain(name);
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  throw new Error('it was accepted');
}
