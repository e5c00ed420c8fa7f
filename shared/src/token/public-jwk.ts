import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';

/** A private key must not be sent at all (RFC 9449 section 4.2 says the same of proofs). */
const noPrivateKey = z.never({ error: 'must not be there: this is the private key' }).optional();

/** A coordinate of 32 bytes: 43 characters of base64url. */
const coordinate = z.base64url().min(1).max(64);

const commonMembers = {
  alg: z.string().max(20).optional(),
  use: z.string().max(20).optional(),
  kid: z.string().max(200).optional(),
  ext: z.boolean().optional(),
  key_ops: z.array(z.string().max(20)).max(8).optional(),
  d: noPrivateKey,
};
const ecKey = z.object({
  ...commonMembers,
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
});
const okpKey = z.object({
  ...commonMembers,
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: coordinate,
});

/**
 * A public JWK of a kind that proofs are made with: EC P-256 or OKP Ed25519, and nothing private.
 * Members that we do not know are ignored (RFC 7517 section 4).
 */
export const publicJwkSchema = z.discriminatedUnion('kty', [ecKey, okpKey]);
export type PublicJwk = z.infer<typeof publicJwkSchema>;

/** SHA-256 over the required members in the order of their names, as base64url (RFC 7638). */
export function jwkThumbprint(jwk: PublicJwk): string {
  return createHash('sha256')
    .update(JSON.stringify(requiredMembers(jwk)))
    .digest('base64url');
}

/** Whether the coordinates are a point of the curve (RFC 7517, RFC 8037). */
export function isPublicKey(jwk: PublicJwk): boolean {
  try {
    createPublicKey({ key: requiredMembers(jwk), format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** What the key is, without what is said about it. */
export function requiredMembers(jwk: PublicJwk): Record<string, string> {
  switch (jwk.kty) {
    case 'EC':
      return { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
    case 'OKP':
      return { crv: jwk.crv, kty: jwk.kty, x: jwk.x };
  }
}
