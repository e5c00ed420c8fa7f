import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OidcServer, startOidc } from '../../../e2e/support/oidc-server.ts';
import { type Service, silent, testService } from '../../test/fixture.ts';
import { oidcLogin } from '../adapters/oidc.ts';

const clientId = 'fairgate-console';
const settings = {
  clientId,
  clientSecret: undefined,
  audience: 'fairgate-api',
  name: 'Acme',
  rolesClaim: 'roles',
  roles: { admin: 'fairgate-admin', operator: 'fairgate-operator', viewer: 'fairgate-viewer' },
};
const origin = 'http://127.0.0.1:8789';
let issuer: OidcServer;
let service: Service;
beforeAll(async () => {
  issuer = await startOidc(clientId);
  afterAll(() => issuer.stop());
  const login = oidcLogin({ ...settings, issuer: issuer.issuer }, silent);
  service = await testService(afterAll, undefined, undefined, login);
});

const get = (path: string, headers: Record<string, string> = {}) =>
  service.api.request(new URL(path, origin).href, { headers });
const cookieOf = (response: Response, name: string) =>
  new RegExp(`${name}=([^;]*)`).exec(response.headers.get('set-cookie') ?? '')?.[0] ?? '';

/** To the issuer and back: the state cookie, and the address that the browser is sent to. */
async function throughIssuer() {
  const begun = await get('/console/login');
  expect(begun.status).toBe(302);
  const page = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
  return { state: cookieOf(begun, 'fairgate_login'), back: page.headers.get('location') ?? '' };
}

describe("a token of the operator's own login", () => {
  const status = async (claims: Record<string, unknown>) => {
    const token = await issuer.token({ aud: 'fairgate-api', ...claims });
    return (await get('/v1/session', { authorization: `Bearer ${token}` })).status;
  };

  it('is good where its roles say so, and the ledger names the person', async () => {
    const token = await issuer.token({ aud: 'fairgate-api' });
    const headers = { authorization: `Bearer ${token}` };
    const who = await (await get('/v1/session', headers)).json();
    expect(who).toMatchObject({ actor: 'user:u-1', name: 'Ada', role: 'operator' });
    const made = await service.call(
      'POST',
      '/v1/products',
      { name: 'P', priceMinor: 1, currency: 'EUR', stock: 0 },
      headers,
    );
    expect(made.status).toBe(201);
    const [row] = await service.database.sql`
      select actor from ledger where action = 'product.created'`;
    expect(row?.actor).toBe('user:u-1');
    expect((await get('/v1/api-keys', headers)).status).toBe(403);
  });

  it('is worth nothing for another audience, by another issuer, too late, or without a role', async () => {
    const now = Math.floor(Date.now() / 1_000);
    expect(await status({})).toBe(200);
    expect(await status({ aud: 'another' })).toBe(401);
    expect(await status({ iss: 'https://evil.example' })).toBe(401);
    expect(await status({ exp: now - 60 })).toBe(401);
    expect(await status({ roles: ['something-else'] })).toBe(401);
    const [header, payload] = (await issuer.token({ aud: 'fairgate-api' })).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const forged of [
      `${none}.${payload}.`,
      `${none}.${payload}.x`,
      `${header}.${payload}.x`,
    ]) {
      const answer = await get('/v1/session', { authorization: `Bearer ${forged}` });
      expect(answer.status).toBe(401);
    }
  });
});

it('without the issuer its tokens cannot be judged, which is nobody’s fault', async () => {
  const away = oidcLogin({ ...settings, issuer: 'http://127.0.0.1:1' }, silent);
  const other = await testService(undefined, undefined, undefined, away);
  const token = await issuer.token({ aud: 'fairgate-api' });
  const headers = { authorization: `Bearer ${token}` };
  for (let attempt = 0; attempt < 25; attempt += 1) {
    const answer = await other.call('GET', '/v1/products', undefined, headers, '203.0.113.1');
    expect(answer.status).toBe(503);
  }
  expect((await other.call('GET', '/v1/products', undefined, {}, '203.0.113.1')).status).toBe(200);
});

describe('signing in at the console by it', () => {
  it('begins a session of that person', async () => {
    const options = await (await get('/v1/session/options')).json();
    expect(options).toEqual({ oidc: { name: 'Acme', loginUrl: '/console/login' } });
    const { state, back } = await throughIssuer();
    const done = await get(back, { cookie: state });
    expect([done.status, done.headers.get('location')]).toEqual([302, '/console/?login=done']);
    const cookie = cookieOf(done, 'fairgate_session');
    const who = await (await get('/v1/session', { cookie })).json();
    expect(who).toMatchObject({ actor: 'user:u-1', name: 'Ada', role: 'operator' });
    // A code is good once.
    const again = await get(back, { cookie: state });
    expect(again.headers.get('location')).toBe('/console/?login=refused');
  });

  it('is refused where the browser did not begin it, or the answer is not to what it asked', async () => {
    const { back } = await throughIssuer();
    expect((await get(back)).headers.get('location')).toBe('/console/?login=expired');
    const other = await throughIssuer();
    const mixed = await get(back, { cookie: other.state });
    expect(mixed.headers.get('location')).toBe('/console/?login=refused');
    expect(cookieOf(mixed, 'fairgate_session')).toBe('');
  });

  it('is refused to whom no role was given', async () => {
    issuer.person.roles = [];
    const { state, back } = await throughIssuer();
    const done = await get(back, { cookie: state });
    expect(done.headers.get('location')).toBe('/console/?login=refused');
    issuer.person.roles = ['fairgate-operator'];
  });
});
