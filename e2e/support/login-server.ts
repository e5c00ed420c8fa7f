import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** A shop's own login: a key set over http, and tokens by its keys. */
export type LoginServer = {
  jwksUrl: string;
  issuer: string;
  audience: string;
  /** A token by the newest key; `claims` over what a good one has. */
  token(sub: string, claims?: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
  /** Another key signs from now on, and the set has it alone. */
  rotate(): Promise<void>;
  /** Public, as the set has it. */
  publicKey(): JWK;
  /** Answers every request, instead of the key set; null: the key set again. */
  answer(handle: ((response: ServerResponse, request: IncomingMessage) => void) | null): void;
  requests(): number;
  stop(): Promise<void>;
};

export async function startLogin(alg = 'ES256'): Promise<LoginServer> {
  const issuer = 'https://login.shop.example';
  const audience = 'fairgate';
  let count = 0;
  let handler: Parameters<LoginServer['answer']>[0] = null;
  let pair = await newPair(alg, 'k0');
  const server = createServer((request, response) => {
    count += 1;
    if (handler !== null) return handler(response, request);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [pair.jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
    issuer,
    audience,
    async token(sub, claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const payload = { sub, iss: issuer, aud: audience, iat: now, exp: now + 600, ...claims };
      return await new SignJWT(payload)
        .setProtectedHeader({ alg, kid: pair.jwk.kid ?? '', ...header })
        .sign(pair.key);
    },
    async rotate() {
      pair = await newPair(alg, `k${count}-${Date.now()}`);
    },
    publicKey: () => pair.jwk,
    answer(handle) {
      handler = handle;
    },
    requests: () => count,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function newPair(alg: string, kid: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { key: privateKey, jwk };
}
