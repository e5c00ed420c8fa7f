import type { CryptoKey } from 'jose';
import type { PublicJwk } from '../token/public-jwk.ts';

/** The key that a place is bound to: WebCrypto's, or one in a phone's secure hardware. */
export type ProofSigner = {
  algorithm: 'ES256' | 'EdDSA';
  publicKey: PublicJwk;
  /** ES256: r and s side by side, 64 bytes (RFC 7518 section 3.4). */
  sign(data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer | Uint8Array>;
};

export type KeyPair = { publicKey: CryptoKey; privateKey: CryptoKey };

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** A new key that nobody can read, not even this app. Keep the pair (IndexedDB holds it as it is). */
export async function newKeyPair(): Promise<KeyPair> {
  return await crypto.subtle.generateKey(p256, false, ['sign', 'verify']);
}

/** Signs with a P-256 pair of WebCrypto's. */
export async function webCryptoSigner(pair: KeyPair): Promise<ProofSigner> {
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return {
    algorithm: 'ES256',
    publicKey: { kty: 'EC', crv: 'P-256', x, y },
    sign: (data) => crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, data),
  };
}

/** One request, and the ticket or token that goes with it. */
export type ProofTarget = { method: string; url: string; token: string; nowMs: number };

/** A fresh DPoP proof (RFC 9449 section 4.2). */
export async function makeProof(
  { algorithm, publicKey, sign }: ProofSigner,
  { method, url, token, nowMs }: ProofTarget,
): Promise<string> {
  const header = { typ: 'dpop+jwt', alg: algorithm, jwk: publicKey };
  const claims = {
    jti: randomText(),
    htm: method,
    htu: url,
    iat: Math.floor(nowMs / 1_000),
    ath: await hashOf(token),
  };
  const parts = [header, claims].map((part) => base64url(utf8(JSON.stringify(part))));
  const signed = parts.join('.');
  return `${signed}.${base64url(await sign(utf8(signed)))}`;
}

export function hasWebCrypto(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

/** 128 bits that do not come twice. They are no secret: without WebCrypto, chance will do. */
export function randomText(): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.random() * 256);
  return base64url(hasWebCrypto() ? crypto.getRandomValues(bytes) : bytes);
}

/** base64url(SHA-256(text)). */
async function hashOf(text: string): Promise<string> {
  return base64url(await crypto.subtle.digest('SHA-256', utf8(text)));
}

/** What a JWT says, unverified: for the one who was given it. Null where it is none. */
export function claimsOf(token: string): Record<string, unknown> | null {
  try {
    const text = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
