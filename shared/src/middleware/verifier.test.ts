import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeProof, newProofKey } from '../token/proof-maker.ts';
import { signingFixture } from './signing-fixture.ts';
import { usedProofs } from './used-proofs.ts';
import { type PurchaseVerifierOptions, purchaseVerifier } from './verifier.ts';

const origin = 'https://shop.example';
let signing: Awaited<ReturnType<typeof signingFixture>>;
beforeAll(async () => {
  signing = await signingFixture();
});

const verifier = (options: Partial<PurchaseVerifierOptions> = {}) =>
  purchaseVerifier({ keys: signing.keys, origins: [origin], ...options });
const post = (authorization?: string, dpop?: string) => {
  return { method: 'POST', path: '/buy', authorization, dpop };
};
const proofFor = (token: string, path = '/buy', key = signing.shopper) =>
  makeProof(key, { method: 'POST', url: origin + path, token });

describe('a purchase token at a checkout of one’s own', () => {
  it('is good with its signature, audience, issuer and time, and says what it allows', async () => {
    const verdict = await verifier()(post(`Bearer ${await signing.token({ max: 2 })}`));
    expect(verdict).toMatchObject({ kind: 'purchase', claims: { sale: 'sale_1', max: 2 } });
  });

  it('is refused without one, by another scheme, or with a letter changed', async () => {
    const token = await signing.token();
    const kinds = await Promise.all(
      [
        undefined,
        '',
        `Basic ${token}`,
        'Bearer ',
        `Bearer ${token.replace(/.(?=.{9}$)/, (c) => (c === 'A' ? 'B' : 'A'))}`,
      ].map((text) => verifier()(post(text))),
    );
    const missing = 'token-missing';
    const expected = [missing, missing, missing, missing, 'token-invalid'];
    expect(kinds.map(({ kind }) => kind)).toEqual(expected);
  });

  it('counts for the audience, the issuer and the sale that were named, and for no others', async () => {
    const bearer = `Bearer ${await signing.token()}`;
    const kindWith = async (options: Partial<PurchaseVerifierOptions>) =>
      (await verifier(options)(post(bearer))).kind;
    expect(await kindWith({ audience: 'other' })).toBe('token-invalid');
    expect(await kindWith({ issuer: 'other' })).toBe('token-invalid');
    expect(await kindWith({ sale: 'sale_2' })).toBe('other-sale');
    expect(await kindWith({ sale: 'sale_1' })).toBe('purchase');
  });

  it('ends with its exp, and a tolerance moves that by seconds that are bounded', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const bearer = `Bearer ${await signing.token({ exp })}`;
    const kindAt = async (ms: number, clockToleranceSeconds?: number) =>
      (await verifier({ now: () => exp * 1_000 + ms, clockToleranceSeconds })(post(bearer))).kind;
    expect(await kindAt(-1)).toBe('purchase');
    expect(await kindAt(0)).toBe('token-expired');
    expect(await kindAt(4_999, 5)).toBe('purchase');
    expect(await kindAt(5_000, 5)).toBe('token-expired');
    expect(() => verifier({ clockToleranceSeconds: 6 })).toThrow(RangeError);
  });

  it('bound to a key needs a proof by it, for this request, used once', async () => {
    const verify = verifier();
    const token = await signing.token(signing.boundTo);
    expect(await verify(post(`Bearer ${token}`))).toEqual({ kind: 'proof-missing' });
    expect(await verify(post(`DPoP ${token}`))).toEqual({ kind: 'proof-missing' });
    const faultOf = async (proof: string) => {
      const verdict = await verify(post(`DPoP ${token}`, proof));
      return verdict.kind === 'proof-refused' ? verdict.fault.why : verdict.kind;
    };
    expect(await faultOf(proofFor(token, '/other'))).toBe('address');
    expect(await faultOf(proofFor(token, '/buy', newProofKey()))).toBe('other-key');
    const good = proofFor(token);
    expect(await faultOf(good)).toBe('purchase');
    expect(await faultOf(good)).toBe('used');
    expect(await faultOf(proofFor(token))).toBe('purchase');
  });

  it('bound to none is refused with a proof, whose sender is mistaken', async () => {
    const token = await signing.token();
    const verdict = await verifier()(post(`DPoP ${token}`, proofFor(token)));
    expect(verdict).toEqual({ kind: 'not-bound' });
  });
});

describe('the keys', () => {
  const servedKeys = async () => {
    const state = { fetches: 0, isAway: false };
    const server = createServer((_, response) => {
      state.fetches += 1;
      response.writeHead(state.isAway ? 503 : 200).end(JSON.stringify(signing.keys));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json` };
  };

  it('come from the published set in one fetch, and unknown ones cause no more', async () => {
    const { state, url } = await servedKeys();
    const verify = purchaseVerifier({ jwksUrl: url });
    const bearers = await Promise.all(Array.from({ length: 5 }, () => signing.token()));
    for (const token of bearers) {
      expect((await verify(post(`Bearer ${token}`))).kind).toBe('purchase');
    }
    for (let i = 0; i < 5; i += 1) {
      const verdict = await verify(post(`Bearer ${await signing.token({}, `unknown-${i}`)}`));
      expect(verdict.kind).toBe('token-invalid');
    }
    expect(state.fetches).toBe(1);
  });

  it('that came with the settings verify while the set is away; others are refused for now', async () => {
    const { state, url } = await servedKeys();
    state.isAway = true;
    const token = await signing.token();
    const both = purchaseVerifier({ jwksUrl: url, keys: signing.keys });
    expect((await both(post(`Bearer ${token}`))).kind).toBe('purchase');
    const away = purchaseVerifier({ jwksUrl: url });
    expect((await away(post(`Bearer ${token}`))).kind).toBe('keys-away');
    expect(() => purchaseVerifier({})).toThrow(RangeError);
  });
});

describe('the memory of proofs', () => {
  it('forgets what is too old to be shown again, and never grows past its bound', () => {
    const proofs = usedProofs(3);
    expect([1, 2, 3].map((n) => proofs.take('k', `${n}`, 0))).toEqual([true, true, true]);
    expect(proofs.take('k', '3', 1)).toBe(false);
    expect(proofs.take('k', '4', 2)).toBe(true);
    expect(proofs.take('k', '3', 3)).toBe(false);
    expect(proofs.take('k', '3', 65_000)).toBe(true);
  });
});
