import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { publicJwks } from './jwks.ts';
import { signPurchaseToken, verifyPurchaseToken } from './purchase.ts';
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
let behaviour: 'answers' | 'refuses' | 'drops' | 'hangs' = 'answers';
const held: ServerResponse[] = [];
const answer = (response: ServerResponse, ...more: object[]) => {
  const keys = [bundled.jwk, published.jwk, ...more];
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
};
const server = createServer((request, response) => {
  fetches += 1;
  if (behaviour === 'answers') answer(response);
  if (behaviour === 'refuses') response.writeHead(503).end();
  if (behaviour === 'drops') request.socket.destroy();
  if (behaviour === 'hangs') held.push(response);
});
let url: string;
beforeAll(async () => {
  bundled = await keyPair('bundled');
  published = await keyPair('published');
  stranger = await keyPair('stranger');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
afterEach(() => {
  behaviour = 'answers';
  vi.useRealTimers();
});

const keys = (remote?: string, onAway: (error: unknown) => void = () => {}) =>
  purchaseKeys(publicJwks(JSON.stringify({ keys: [bundled.jwk] })), remote, onAway);
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

  it('200 of them while the set is away cause one fetch as well, and one word of it', async () => {
    const onAway = vi.fn();
    const set = keys(url, onAway);
    behaviour = 'refuses';
    fetches = 0;
    const away = await Promise.allSettled(
      Array.from({ length: 200 }, () => verdict(set, published.token)),
    );
    expect(away.every((one) => one.status === 'rejected')).toBe(true);
    expect(fetches).toBe(1);
    expect(onAway).toHaveBeenCalledTimes(1);
  });

  it.each(['refuses', 'drops'] as const)(
    'a set that was fetched is kept when it grows old and the edge %s',
    async (way) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      const set = keys(url);
      const token = await tokenOf(published, 3_600);
      expect(await verdict(set, token)).toBe('valid');
      behaviour = way;
      fetches = 0;
      vi.setSystemTime(Date.now() + 700_000);
      for (let i = 0; i < 20; i += 1) expect(await verdict(set, token)).toBe('valid');
      await vi.waitFor(() => expect(fetches).toBe(1));
      for (let i = 0; i < 20; i += 1) expect(await verdict(set, token)).toBe('valid');
      expect(fetches).toBe(1);
    },
  );

  it('an edge that hangs keeps nobody waiting whose key was fetched; what it answers then is learnt', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const set = keys(url);
    const token = await tokenOf(published, 3_600);
    expect(await verdict(set, token)).toBe('valid');
    behaviour = 'hangs';
    fetches = 0;
    vi.setSystemTime(Date.now() + 700_000);
    for (let i = 0; i < 20; i += 1) expect(await verdict(set, token)).toBe('valid');
    await vi.waitFor(() => expect(held).toHaveLength(1));
    // Had anybody waited for the fetch, it would be over and failed by now.
    const next = await keyPair('next');
    const ofNext = tokenOf(next, 3_600).then((fresh) => verdict(set, fresh));
    for (const response of held) answer(response, next.jwk);
    expect(await ofNext).toBe('valid');
    expect(await verdict(set, token)).toBe('valid');
    expect(fetches).toBe(1);
  });

  it('keys that were fetched are imported once, however old the set grows', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const set = keys(url);
    const query = [
      { alg: 'EdDSA', kid: 'published' },
      { payload: '', signature: '' },
    ] as const;
    const key = await set(...query);
    behaviour = 'refuses';
    fetches = 0;
    vi.setSystemTime(Date.now() + 700_000);
    for (let i = 0; i < 3; i += 1) expect(await set(...query)).toBe(key);
    await vi.waitFor(() => expect(fetches).toBe(1));
  });

  it('a set that is away hurts no bundled key, and is asked once in a while', async () => {
    const set = keys(url);
    behaviour = 'refuses';
    fetches = 0;
    for (let i = 0; i < 20; i += 1) {
      await expect(verdict(set, published.token)).rejects.toThrow(KeysAway);
      expect(await verdict(set, bundled.token)).toBe('valid');
    }
    expect(fetches).toBe(1);
  });

  it('without an address there are the bundled ones alone', async () => {
    expect(await verdict(keys(), bundled.token)).toBe('valid');
    expect(await verdict(keys(), published.token)).toBe('invalid');
  });
});
