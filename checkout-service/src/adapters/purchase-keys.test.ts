import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { publicJwks } from '@fairgate/shared/token/jwks.ts';
import { signPurchaseToken, verifyPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeysAway, purchaseKeys } from './purchase-keys.ts';

const now = Math.floor(Date.now() / 1_000);
const claims = {
  sub: 'v',
  jti: 'j',
  sale: 's',
  number: 1,
  max: 1,
  iat: now,
  nbf: now,
  exp: now + 60,
};

async function keyPair(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid };
  const signer = { kid, key: privateKey };
  return { jwk, signer, token: await signPurchaseToken(signer, claims) };
}

const tokenOf = async ({ signer }: Awaited<ReturnType<typeof keyPair>>, seconds: number) =>
  await signPurchaseToken(signer, { ...claims, exp: now + seconds });

let bundled: Awaited<ReturnType<typeof keyPair>>;
let published: Awaited<ReturnType<typeof keyPair>>;
let stranger: Awaited<ReturnType<typeof keyPair>>;
let fetches = 0;
let status = 200;
const server = createServer((_, response) => {
  fetches += 1;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ keys: [bundled.jwk, published.jwk] }));
});
let url: string;
beforeAll(async () => {
  bundled = await keyPair('bundled');
  published = await keyPair('published');
  stranger = await keyPair('stranger');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterAll(() => server.close());

const keys = (remote?: string) =>
  purchaseKeys(publicJwks(JSON.stringify({ keys: [bundled.jwk] })), remote);
const verdict = async (set: ReturnType<typeof keys>, token: string) =>
  (await verifyPurchaseToken(token, set, Date.now())).kind;

describe('the keys of purchase tokens', () => {
  it('bundled ones need no fetch; published ones are fetched once', async () => {
    const set = keys(url);
    fetches = 0;
    expect(await verdict(set, bundled.token)).toBe('valid');
    expect(fetches).toBe(0);
    expect(await verdict(set, published.token)).toBe('valid');
    expect(await verdict(set, published.token)).toBe('valid');
    expect(fetches).toBe(1);
  });

  it('unknown kids are invalid tokens, and cause no storm of fetches', async () => {
    const set = keys(url);
    fetches = 0;
    for (let i = 0; i < 20; i += 1) expect(await verdict(set, stranger.token)).toBe('invalid');
    expect(fetches).toBeLessThanOrEqual(2);
  });

  it('200 tokens with unknown kids at once cause one fetch, and hurt no token of a known key', async () => {
    const set = keys(url);
    fetches = 0;
    const strangers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => keyPair(`none-${i}`)),
    );
    const verdicts = await Promise.all([
      ...strangers.map(({ token }) => verdict(set, token)),
      verdict(set, bundled.token),
      verdict(set, published.token),
    ]);
    expect(verdicts).toEqual([...Array(200).fill('invalid'), 'valid', 'valid']);
    expect(fetches).toBe(1);
  });

  it('200 of them while the set is away cause one fetch as well', async () => {
    const set = keys(url);
    status = 503;
    fetches = 0;
    const away = await Promise.allSettled(
      Array.from({ length: 200 }, () => verdict(set, published.token)),
    );
    expect(away.every((one) => one.status === 'rejected')).toBe(true);
    expect(fetches).toBe(1);
    status = 200;
  });

  it('a set that was fetched is kept when it grows old and the edge is away', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const set = keys(url);
      const token = await tokenOf(published, 3_600);
      expect(await verdict(set, token)).toBe('valid');
      status = 503;
      fetches = 0;
      vi.setSystemTime(Date.now() + 700_000);
      for (let i = 0; i < 20; i += 1) expect(await verdict(set, token)).toBe('valid');
      expect(fetches).toBe(1);
    } finally {
      status = 200;
      vi.useRealTimers();
    }
  });

  it('a set that is away hurts no bundled key, and is asked once in a while', async () => {
    const set = keys(url);
    status = 503;
    fetches = 0;
    for (let i = 0; i < 20; i += 1) {
      await expect(verdict(set, published.token)).rejects.toThrow(KeysAway);
      expect(await verdict(set, bundled.token)).toBe('valid');
    }
    expect(fetches).toBe(1);
    status = 200;
  });

  it('without an address there are the bundled ones alone', async () => {
    expect(await verdict(keys(), bundled.token)).toBe('valid');
    expect(await verdict(keys(), published.token)).toBe('invalid');
  });
});
