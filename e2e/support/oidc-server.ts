import { createHash, randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An OpenID provider on loopback: discovery, an authorization page that says yes, a token call. */
export type OidcServer = {
  issuer: string;
  /** Of whoever signs in next, and of tokens. */
  person: { sub: string; name: string; roles: string[] };
  /** A token for the API; `claims` over what a good one has. */
  token(claims?: JWTPayload): Promise<string>;
  stop(): Promise<void>;
};

type Asked = { nonce: string; challenge: string; redirectUri: string };

export async function startOidc(clientId: string): Promise<OidcServer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const codes = new Map<string, Asked>();
  const person = { sub: 'u-1', name: 'Ada', roles: ['fairgate-operator'] };
  let issuer = '';
  const sign = async (claims: JWTPayload) => {
    const now = Math.floor(Date.now() / 1_000);
    const payload = { iss: issuer, aud: clientId, ...person, iat: now, exp: now + 300, ...claims };
    return await new SignJWT(payload)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(privateKey);
  };
  const routes: Record<string, (url: URL, body: URLSearchParams) => Promise<unknown>> = {
    '/.well-known/openid-configuration': async () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/jwks': async () => ({ keys: [jwk] }),
    '/authorize': async ({ searchParams: asked }) => {
      const code = randomBytes(12).toString('hex');
      const redirectUri = asked.get('redirect_uri') ?? '';
      const nonce = asked.get('nonce') ?? '';
      codes.set(code, { nonce, challenge: asked.get('code_challenge') ?? '', redirectUri });
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      return back;
    },
    '/token': async (_url, body) => {
      const asked = codes.get(body.get('code') ?? '');
      codes.delete(body.get('code') ?? '');
      const verifier = body.get('code_verifier') ?? '';
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      const isGood =
        asked?.challenge === challenge && body.get('redirect_uri') === asked.redirectUri;
      if (!isGood) return null;
      const token = await sign({ nonce: asked.nonce });
      return { access_token: 'a', token_type: 'Bearer', id_token: token, expires_in: 300 };
    },
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    answer(response, (await routes[url.pathname]?.(url, new URLSearchParams(text))) ?? null);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    person,
    token: (claims = {}) => sign(claims),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(response: ServerResponse, reply: unknown): void {
  if (reply instanceof URL) {
    response.writeHead(302, { location: reply.href }).end();
    return;
  }
  const status = reply === null ? 400 : 200;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(reply ?? { error: 'invalid_grant' }));
}
