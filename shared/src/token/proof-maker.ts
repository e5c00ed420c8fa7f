import {
  createPrivateKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { proofType, tokenHash } from './dpop.ts';
import { jwkThumbprint, type PublicJwk, publicJwkSchema } from './public-jwk.ts';

/** For tests and the simulated crowd: a key as a browser makes one, and proofs by it. */
export type ProofKey = { jwk: PublicJwk; jkt: string; privateKey: KeyObject };

export type ProofWish = {
  method: string;
  url: string;
  token: string;
  /** Header members and claims that differ; undefined leaves one out. */
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
};

export function newProofKey(kind: 'P-256' | 'Ed25519' = 'P-256'): ProofKey {
  const { privateKey, publicKey } =
    kind === 'P-256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  const jwk = publicJwkSchema.parse(publicKey.export({ format: 'jwk' }));
  return { jwk, jkt: jwkThumbprint(jwk), privateKey };
}

/** A key that was written down as a private JWK. */
export function proofKeyOf(privateJwk: JsonWebKey): ProofKey {
  const privateKey = createPrivateKey({ key: privateJwk, format: 'jwk' });
  const { d: _, ...rest } = privateJwk;
  const jwk = publicJwkSchema.parse(rest);
  return { jwk, jkt: jwkThumbprint(jwk), privateKey };
}

/** A DPoP proof (RFC 9449 section 4.2), made now. */
export function makeProof(key: ProofKey, wish: ProofWish): string {
  const isEc = key.jwk.kty === 'EC';
  const header = { typ: proofType, alg: isEc ? 'ES256' : 'EdDSA', jwk: key.jwk, ...wish.header };
  const claims = {
    jti: randomUUID(),
    htm: wish.method,
    htu: wish.url,
    iat: Math.floor(Date.now() / 1_000),
    ath: tokenHash(wish.token),
    ...wish.claims,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  const signer = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  const signature = sign(isEc ? 'sha256' : null, Buffer.from(signed), signer);
  return `${signed}.${signature.toString('base64url')}`;
}
