import { createPublicKey, KeyObject } from 'node:crypto';
import { newId } from '@fairgate/shared/ids.ts';
import { makeProof, newProofKey, type ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { purchaseAudience, purchaseIssuer } from '@fairgate/shared/token/purchase.ts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { type Answer, makeRig, type Rig, testOrigin } from './testing/checkout-rig.ts';

let rig: Rig;
let other: Rig;
beforeAll(async () => {
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, units: [50], instances: 2 });
  other = await makeRig({ databaseUrl, units: [1] });
});
afterAll(async () => {
  await rig?.close();
  await other?.close();
});

const slug = ({ status, body }: Answer) => `${status} ${body.type?.split(':').at(-1) ?? ''}`.trim();
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowSeconds = () => Math.floor(Date.now() / 1_000);
let stockBefore: Awaited<ReturnType<Rig['stock']>>;
beforeEach(async () => {
  stockBefore = await rig.stock();
});
/** Nothing was sold by this attack. */
const untouched = async () => {
  expect(await rig.stock()).toEqual(stockBefore);
};

describe('a token that is not ours', () => {
  const claims = () => ({
    sub: 'v',
    // Each its own: one attack that goes through is not to show in the next.
    jti: newId('req'),
    sale: rig.saleId,
    number: 1,
    max: 1,
    iat: nowSeconds(),
    nbf: nowSeconds(),
    exp: nowSeconds() + 60,
    iss: purchaseIssuer,
    aud: purchaseAudience,
  });
  type Changes = { header?: object; claims?: object };
  const signed = async (changes: Changes = {}, key = rig.signer.key) =>
    await new SignJWT({ ...claims(), ...changes.claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'purchase+jwt', kid: 'test', ...changes.header })
      .sign(key, { crit: { later: true } });

  const attacks: [string, () => string | Promise<string>, string?][] = [
    [
      'unsigned',
      () => `${part({ alg: 'none', typ: 'purchase+jwt', kid: 'test' })}.${part(claims())}.`,
    ],
    [
      'unsigned, with another’s signature',
      async () => {
        const [, , signature] = (await rig.token()).split('.');
        return `${part({ alg: 'none', typ: 'purchase+jwt', kid: 'test' })}.${part(claims())}.${signature}`;
      },
    ],
    [
      'signed by HS256 with the public key',
      async () => {
        const { x = '' } = await publicJwk();
        return await new SignJWT(claims())
          .setProtectedHeader({ alg: 'HS256', typ: 'purchase+jwt', kid: 'test' })
          .sign(Buffer.from(x, 'base64url'));
      },
    ],
    [
      'signed by another key',
      async () => await signed({}, (await generateKeyPair('EdDSA')).privateKey),
    ],
    [
      'that brings its own key',
      async () => {
        const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
        return await signed({ header: { jwk: await exportJWK(publicKey) } }, privateKey);
      },
    ],
    [
      'that says where its key is',
      async () => {
        const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
        const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'test' }] });
        const jku = `data:application/json,${encodeURIComponent(jwks)}`;
        return await signed({ header: { jku, x5u: jku, x5c: ['AAAA'] } }, privateKey);
      },
    ],
    ['for another audience', () => signed({ claims: { aud: 'someone' } })],
    ['of another issuer', () => signed({ claims: { iss: 'someone' } })],
    ['of another type', () => signed({ header: { typ: 'JWT' } })],
    ['of an unknown key', () => signed({ header: { kid: 'unknown' } })],
    ['without a key’s name', () => signed({ header: { kid: undefined } })],
    ['with a critical extension', () => signed({ header: { crit: ['later'], later: 1 } })],
    ['that has expired', () => signed({ claims: { exp: nowSeconds() - 1 } }), '401 token-expired'],
    ['that is not valid yet', () => signed({ claims: { nbf: nowSeconds() + 30 } })],
    ['that was issued in the future', () => signed({ claims: { iat: nowSeconds() + 30 } })],
    ['without an expiry', () => signed({ claims: { exp: undefined } })],
    ['without a jti', () => signed({ claims: { jti: undefined } })],
    [
      'whose payload was changed',
      async () => {
        const [head, , signature] = (await rig.token()).split('.');
        return `${head}.${part({ ...claims(), max: 100 })}.${signature}`;
      },
    ],
    ['that is huge', () => signed({ claims: { more: 'x'.repeat(5_000) } })],
  ];
  it.each(attacks)('%s is refused', async (_, make, expected = '401 token-invalid') => {
    expect(slug(await rig.redeem(await make()))).toBe(expected);
    await untouched();
  });

  it('of another sale buys nothing here', async () => {
    const items = [{ productId: rig.products[0]!, quantity: 1 }];
    expect(slug(await rig.redeem(await rig.token({ sale: other.saleId }), { items }))).toBe(
      '401 token-invalid',
    );
    expect(slug(await rig.redeem(await rig.token({ sale: 'sale_nowhere' }), { items }))).toBe(
      '401 token-invalid',
    );
    await untouched();
  });

  it('is told from one of ours, which is taken with its scheme in any case (RFC 9110 section 11.1)', async () => {
    const token = await other.token();
    const json = { items: [{ productId: other.products[0]!, quantity: 1 }] };
    const headers = { authorization: `bEARER ${token}` };
    expect((await other.call('POST', '/v1/redemptions', { json, headers })).status).toBe(201);
  });

  const publicJwk = () => exportJWK(createPublicKey(KeyObject.from(rig.signer.key)));
});

describe('a bound token', () => {
  const url = `${testOrigin}/v1/redemptions`;
  const bound = async (key: ProofKey) => await rig.token({ cnf: { jkt: key.jkt } });
  const proofOf = (key: ProofKey, token: string, claims: Record<string, unknown> = {}) =>
    makeProof(key, { method: 'POST', url, token, claims });
  const isRefused = (answer: Answer) => {
    expect(slug(answer)).toBe('401 proof-invalid');
    expect(answer.headers.get('www-authenticate')).toBe(
      'DPoP algs="ES256 EdDSA", error="invalid_dpop_proof"',
    );
  };

  it('without a proof is refused, as a Bearer and with the scheme DPoP', async () => {
    const token = await bound(newProofKey());
    isRefused(await rig.redeem(token));
    const json = { items: [{ productId: rig.products[0]!, quantity: 1 }] };
    const headers = { authorization: `DPoP ${token}` };
    isRefused(await rig.call('POST', '/v1/redemptions', { json, headers }));
    await untouched();
  });

  it('as a Bearer is refused even with a proof', async () => {
    const key = newProofKey();
    const token = await bound(key);
    const json = { items: [{ productId: rig.products[0]!, quantity: 1 }] };
    const headers = { dpop: proofOf(key, token) };
    isRefused(await rig.call('POST', '/v1/redemptions', { key: token, json, headers }));
  });

  it.each([
    ['by another key', (token: string) => proofOf(newProofKey(), token)],
    [
      'by another key, that names the owner’s',
      (token: string, { jwk }: ProofKey) => proofOf({ ...newProofKey(), jwk }, token),
    ],
    [
      'that is old',
      (token: string, key: ProofKey) => proofOf(key, token, { iat: nowSeconds() - 61 }),
    ],
    [
      'of the future',
      (token: string, key: ProofKey) => proofOf(key, token, { iat: nowSeconds() + 30 }),
    ],
    ['for another method', (token: string, key: ProofKey) => proofOf(key, token, { htm: 'GET' })],
    [
      'for another address',
      (token: string, key: ProofKey) => proofOf(key, token, { htu: `${url}/x` }),
    ],
    [
      'for another origin',
      (token: string, key: ProofKey) =>
        proofOf(key, token, { htu: 'https://evil.example/v1/redemptions' }),
    ],
    ['for another token', (_: string, key: ProofKey) => proofOf(key, 'another')],
    ['twice', (token: string, key: ProofKey) => `${proofOf(key, token)}, ${proofOf(key, token)}`],
    ['that is none', () => 'nonsense'],
  ])('with a proof %s is refused', async (_, make) => {
    const key = newProofKey();
    const token = await bound(key);
    isRefused(await rig.redeem(token, { proof: make(token, key) }));
    await untouched();
  });

  it('whose binding was changed is no token of ours', async () => {
    const thief = newProofKey();
    const [head, body = '', signature] = (await bound(newProofKey())).split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const token = `${head}.${part({ ...claims, cnf: { jkt: thief.jkt } })}.${signature}`;
    expect(slug(await rig.redeem(token, { proof: proofOf(thief, token) }))).toBe(
      '401 token-invalid',
    );
  });

  it('is proven before anything else of it is told: expired, or too much asked for', async () => {
    const key = newProofKey();
    const old = await rig.token({ cnf: { jkt: key.jkt }, exp: nowSeconds() - 10 });
    isRefused(await rig.redeem(old));
    expect(slug(await rig.redeem(old, { proof: proofOf(key, old) }))).toBe('401 token-expired');
    const token = await bound(key);
    const items = [{ productId: rig.products[0]!, quantity: 9 }];
    isRefused(await rig.redeem(token, { items }));
    expect(slug(await rig.redeem(token, { items, proof: proofOf(key, token) }))).toBe(
      '422 quantity-exceeded',
    );
  });
});

describe('a bound token that is redeemed', () => {
  const url = `${testOrigin}/v1/redemptions`;

  it.each(['P-256', 'Ed25519'] as const)(
    'needs a fresh proof for each replay: %s',
    async (kind) => {
      const key = newProofKey(kind);
      const token = await rig.token({ cnf: { jkt: key.jkt } });
      const proof = () => makeProof(key, { method: 'POST', url, token });
      const used = proof();
      const first = await rig.redeem(token, { key: 'k', proof: used });
      expect(first.status).toBe(201);
      for (const idempotencyKey of ['k', 'other']) {
        const replayed = await rig.redeem(token, { key: idempotencyKey, proof: used });
        expect(slug(replayed)).toBe('401 proof-invalid');
        expect(replayed.body.orderId).toBeUndefined();
      }
      const next = proof();
      const again = await rig.redeem(token, { key: 'k', proof: next });
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      expect(slug(await rig.redeem(token, { key: 'k', proof: next }))).toBe('401 proof-invalid');
      expect(slug(await rig.redeem(token, { key: 'k' }))).toBe('401 proof-invalid');
      expect(slug(await rig.redeem(token, { key: 'other', proof: proof() }))).toBe(
        '409 token-already-redeemed',
      );
    },
  );

  it('with one proof, twenty times at once over two instances, is answered once', async () => {
    const key = newProofKey();
    const token = await rig.token({ cnf: { jkt: key.jkt } });
    const proof = makeProof(key, { method: 'POST', url, token });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, instance) => rig.redeem(token, { key: 'k', proof, instance })),
    );
    const slugs = answers.map(slug).sort();
    expect(slugs).toEqual(['201', ...Array(19).fill('401 proof-invalid')]);
  });

  it('is refused with a proof where it is bound to no key', async () => {
    const key = newProofKey();
    const token = await rig.token();
    const answer = await rig.redeem(token, {
      proof: makeProof(key, { method: 'POST', url, token }),
    });
    expect(slug(answer)).toBe('401 token-invalid');
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await rig.redeem(token)).status).toBe(201);
  });
});
