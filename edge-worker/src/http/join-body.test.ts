import { expect, test } from 'vitest';
import { joinBodySchema } from './join-body.ts';

const pathsOf = (body: unknown) =>
  joinBodySchema.safeParse(body).error?.issues.map(({ path }) => path.join('.'));
const ec = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' };
const okp = { kty: 'OKP', crv: 'Ed25519', x: 'AA' };
const push = {
  endpoint: 'https://push.example/1',
  keys: { p256dh: `B${'A'.repeat(86)}`, auth: 'A'.repeat(22) },
};

test('what is not known is ignored, wherever it stands', () => {
  for (const body of [
    {},
    { later: 1 },
    { publicKey: { ...ec, 'x5t#S256': 'AA', later: { a: 1 } } },
    { publicKey: { ...okp, iat: 1, key_ops: ['verify'] } },
    { pushSubscription: { ...push, later: 1, keys: { ...push.keys, later: 1 } } },
  ]) {
    expect(pathsOf(body)).toBeUndefined();
  }
});

test('a solved challenge is a text or an object', () => {
  expect(pathsOf({ challenge: 'solved' })).toBeUndefined();
  expect(pathsOf({ challenge: { algorithm: 'SHA-256', number: 7 } })).toBeUndefined();
  for (const challenge of ['', 7, null, [], true]) {
    expect(pathsOf({ challenge })).toEqual(['challenge']);
  }
});

test('what is known and wrong is named', () => {
  expect(pathsOf({ publicKey: 'text' })).toEqual(['publicKey']);
  expect(pathsOf({ publicKey: { ...ec, y: 5 } })).toEqual(['publicKey.y']);
  expect(pathsOf({ publicKey: { ...okp, kid: 5 } })).toEqual(['publicKey.kid']);
  expect(pathsOf({ publicKey: { ...okp, kty: 'RSA' } })).toEqual(['publicKey.kty']);
  expect(pathsOf({ publicKey: { ...ec, d: 'AA' } })).toEqual(['publicKey.d']);
  for (const [path, wrong] of [
    ['endpoint', { ...push, endpoint: 'ftp://x' }],
    ['keys.auth', { ...push, keys: { ...push.keys, auth: 'AA' } }],
    ['keys.p256dh', { ...push, keys: { ...push.keys, p256dh: 'AA' } }],
  ] as const) {
    expect(pathsOf({ pushSubscription: wrong })).toEqual([`pushSubscription.${path}`]);
  }
  expect(pathsOf({ email: 5, pass: null })).toEqual(['pass', 'email']);
});
