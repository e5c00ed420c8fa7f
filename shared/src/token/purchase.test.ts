import { KeyObject, sign as nodeSign } from 'node:crypto';
import { type CryptoKey, createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { publicJwks, purchaseSigner } from './jwks.ts';
import {
  deriveJti,
  type PurchaseClaims,
  signPurchaseToken,
  verifyPurchaseToken,
} from './purchase.ts';

const claims: PurchaseClaims = {
  sub: 'visitor',
  jti: 'jti-1',
  sale: 'sale_a',
  number: 4,
  max: 2,
  iat: 1_000,
  nbf: 1_000,
  exp: 2_000,
};
const now = 1_500_000;
let jwks: string;
let verify: (token: string, nowMs?: number) => ReturnType<typeof verifyPurchaseToken>;
let sign: (changes?: Partial<PurchaseClaims>) => Promise<string>;
let privateKey: CryptoKey;

async function keySet(kid: string): Promise<{ json: string; key: CryptoKey }> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = { ...(await exportJWK(pair.privateKey)), kid };
  return { json: JSON.stringify({ keys: [jwk] }), key: pair.privateKey };
}

beforeAll(async () => {
  const set = await keySet('one');
  jwks = set.json;
  privateKey = set.key;
  const signer = await purchaseSigner(jwks);
  const keys = createLocalJWKSet(publicJwks(jwks));
  sign = (changes = {}) => signPurchaseToken(signer, { ...claims, ...changes });
  verify = (token, nowMs = now) => verifyPurchaseToken(token, keys, nowMs);
});

describe('a purchase token', () => {
  it('verifies by the public set, which holds nothing private', async () => {
    expect(JSON.stringify(publicJwks(jwks))).not.toContain('"d"');
    expect(await verify(await sign())).toEqual({ kind: 'valid', claims });
  });

  it('is the same token for the same admission', async () => {
    expect(await sign()).toBe(await sign());
  });

  it('is told apart when it has expired, and refused before its time', async () => {
    expect(await verify(await sign(), 2_000_000)).toEqual({ kind: 'expired', claims });
    expect((await verify(await sign(), 994_000)).kind).toBe('invalid');
  });

  it('allows 5 s between clocks for its beginning, and none for its end', async () => {
    expect((await verify(await sign(), 995_000)).kind).toBe('valid');
    const ahead = await sign({ iat: 1_506, nbf: 1_000 });
    expect((await verify(ahead)).kind).toBe('invalid');
    expect((await verify(await sign(), 1_999_999)).kind).toBe('valid');
    expect((await verify(await sign(), 2_000_000)).kind).toBe('expired');
  });

  it('that is too long is none', async () => {
    expect((await verify(await sign({ sub: 'x'.repeat(2_048) }))).kind).toBe('invalid');
  });

  it.each([
    ['another issuer', { iss: 'someone' }, {}],
    ['another audience', { aud: 'someone' }, {}],
    ['another type', {}, { typ: 'JWT' }],
    ['an unknown kid', {}, { kid: 'two' }],
    ['no sale', { sale: undefined }, {}],
    ['units in words', { max: 'all' }, {}],
    ['a list of audiences without ours', { aud: ['someone', 'else'] }, {}],
    ['no jti', { jti: undefined }, {}],
    ['no expiry', { exp: undefined }, {}],
    ['a critical extension', {}, { crit: ['later'], later: 1 }],
  ])('is refused with %s', async (_, payload, header) => {
    const body: Record<string, unknown> = {
      ...claims,
      iss: 'fairgate-edge',
      aud: 'fairgate-checkout',
      ...payload,
    };
    const token = await new SignJWT(body)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'purchase+jwt', kid: 'one', ...header })
      .sign(privateKey, { crit: { later: true } });
    expect((await verify(token)).kind).toBe('invalid');
  });

  it.each(['Ed25519', 'ES256', 'HS256', 'none'])(
    'that names the algorithm %s is refused, though the set gives its key and the signature fits',
    async (alg) => {
      const [head = '', body = ''] = (await sign()).split('.');
      const header = JSON.parse(Buffer.from(head, 'base64url').toString());
      const named = Buffer.from(JSON.stringify({ ...header, alg })).toString('base64url');
      const keys = async () => createLocalJWKSet(publicJwks(jwks))({ ...header });
      const signed = (first: string) => {
        const signature = nodeSign(
          null,
          Buffer.from(`${first}.${body}`),
          KeyObject.from(privateKey),
        );
        return `${first}.${body}.${signature.toString('base64url')}`;
      };
      expect((await verifyPurchaseToken(signed(head), keys, now)).kind).toBe('valid');
      expect((await verifyPurchaseToken(signed(named), keys, now)).kind).toBe('invalid');
    },
  );

  it('has a set in which no two keys have one name, public or private', async () => {
    const keys = [...JSON.parse(jwks).keys, ...JSON.parse((await keySet('one')).json).keys];
    const twice = JSON.stringify({ keys });
    expect(() => publicJwks(twice)).toThrow('the same kid');
    await expect(purchaseSigner(twice)).rejects.toThrow('the same kid');
  });

  it('with a member twice says what its last one says, as the signature covers both', async () => {
    const [head = '', body = ''] = (await sign()).split('.');
    const twice = Buffer.from(body, 'base64url').toString().replace('{', '{"max":100,');
    const signed = `${head}.${Buffer.from(twice).toString('base64url')}`;
    const key = KeyObject.from(privateKey);
    const signature = nodeSign(null, Buffer.from(signed), key).toString('base64url');
    expect(await verify(`${signed}.${signature}`)).toEqual({ kind: 'valid', claims });
  });

  it('is refused when signed by HS256 with the public key, or not at all', async () => {
    const body = { ...claims, iss: 'fairgate-edge', aud: 'fairgate-checkout' };
    const x = publicJwks(jwks).keys[0]?.x ?? '';
    const confused = await new SignJWT(body)
      .setProtectedHeader({ alg: 'HS256', typ: 'purchase+jwt', kid: 'one' })
      .sign(Buffer.from(x, 'base64url'));
    expect((await verify(confused)).kind).toBe('invalid');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bare = `${part({ alg: 'none', typ: 'purchase+jwt' })}.${part(body)}.`;
    expect((await verify(bare)).kind).toBe('invalid');
  });

  it('has a jti that follows from sale, visitor and ordinal alone', () => {
    const key = Buffer.alloc(32, 7);
    expect(deriveJti(key, 's', 'v', 1)).toBe(deriveJti(key, 's', 'v', 1));
    const others = [
      deriveJti(key, 's', 'v', 2),
      deriveJti(key, 's', 'w', 1),
      deriveJti(key, 't', 'v', 1),
      deriveJti(Buffer.alloc(32, 8), 's', 'v', 1),
    ];
    expect(new Set([...others, deriveJti(key, 's', 'v', 1)]).size).toBe(5);
  });
});
