import { errors, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { heldKeySets } from './key-sets.ts';
import { limits } from './limits.ts';
import { trustedLogins } from './logins.ts';

const url = 'https://login.example/jwks.json';

/** A key set that is fetched by hand, and a clock that stands still. */
function setUp(answer: () => Promise<JSONWebKeySet>) {
  let now = 1_800_000_000_000;
  let fetched = 0;
  const clock = { now: () => now };
  const sets = heldKeySets({
    async fetchSet() {
      fetched += 1;
      return await answer();
    },
    clock,
    sleep: async (ms) => {
      now += ms;
      await Promise.resolve();
    },
    log: () => {},
  });
  return {
    sets,
    clock,
    fetched: () => fetched,
    pass: (ms: number) => {
      now += ms;
    },
  };
}
const away = () => Promise.reject(new Error('away'));

test('a set is fetched once while it is fresh, and by one request alone when it is due', async () => {
  let letGo = () => {};
  let isSlow = false;
  const rig = setUp(async () => {
    if (isSlow) await new Promise<void>((resolve) => (letGo = resolve));
    return { keys: [] };
  });
  const first = await rig.sets.find(url, false);
  expect(first).not.toBeNull();
  rig.pass(limits.keySetFreshMs);
  expect(await rig.sets.find(url, false)).toBe(first);
  expect(rig.fetched()).toBe(1);
  rig.pass(1);
  isSlow = true;
  const fetching = rig.sets.find(url, false);
  for (let i = 0; i < 100; i += 1) expect(await rig.sets.find(url, false)).toBe(first);
  letGo();
  expect(await fetching).not.toBe(first);
  expect(rig.fetched()).toBe(2);
});

test('those who come before the first set is there wait for it', async () => {
  let letGo = () => {};
  const rig = setUp(async () => {
    await new Promise<void>((resolve) => (letGo = resolve));
    return { keys: [] };
  });
  const first = rig.sets.find(url, false);
  const others = [rig.sets.find(url, false), rig.sets.find(url, false)];
  letGo();
  expect(await Promise.all(others)).not.toContain(null);
  expect(await first).not.toBeNull();
  expect(rig.fetched()).toBe(1);
});

test('a login that is away is asked again after a pause, and its last set serves for a day', async () => {
  let answer = away as () => Promise<JSONWebKeySet>;
  const rig = setUp(() => answer());
  expect(await rig.sets.find(url, false)).toBeNull();
  for (let i = 0; i < 100; i += 1) expect(await rig.sets.find(url, false)).toBeNull();
  expect(rig.fetched()).toBe(1);
  rig.pass(limits.keySetPauseMs);
  answer = async () => ({ keys: [] });
  const set = await rig.sets.find(url, false);
  expect(set).not.toBeNull();
  answer = away;
  rig.pass(limits.keySetStaleMs);
  expect(await rig.sets.find(url, false)).toBe(set);
  rig.pass(limits.keySetPauseMs);
  expect(await rig.sets.find(url, false)).toBeNull();
});

test('a key that was rotated in is found at once, and tokens by unknown keys cause one fetch in 30 s', async () => {
  const pair = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
  };
  const [old, next, stranger] = [await pair('old'), await pair('next'), await pair('stranger')];
  let keys = [old.jwk];
  const rig = setUp(async () => ({ keys }));
  const logins = trustedLogins(rig.sets, rig.clock);
  const setting = { jwksUrl: url, issuer: 'i', audience: 'a', required: true };
  const verdict = async ({ privateKey, jwk }: typeof old) => {
    const claims = { iss: 'i', aud: 'a', sub: 's', exp: rig.clock.now() / 1_000 + 60 };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid })
      .sign(privateKey);
    return await logins.verify(setting, token);
  };
  expect((await verdict(old)).kind).toBe('person');
  keys = [next.jwk, old.jwk];
  rig.pass(limits.keySetAgainMs + 1);
  expect((await verdict(next)).kind).toBe('person');
  expect(rig.fetched()).toBe(2);
  for (let i = 0; i < 20; i += 1) {
    const refused = await verdict(stranger);
    expect(refused).toMatchObject({ kind: 'invalid', cause: expect.any(errors.JWKSNoMatchingKey) });
  }
  expect(rig.fetched()).toBe(2);
  rig.pass(limits.keySetAgainMs + 1);
  for (let i = 0; i < 20; i += 1) await verdict(stranger);
  expect(rig.fetched()).toBe(3);
});
