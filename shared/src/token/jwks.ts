import { importJWK, type JWK } from 'jose';
import { z } from 'zod';
import type { PurchaseSigner } from './purchase.ts';

/** Monthly rotations leave three at once; whole private sets have to fit into a Worker's secret (5 kB). */
export const purchaseKeysMax = 8;

const okp = {
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.base64url(),
  kid: z.string().min(1).max(64),
};
const privateSetSchema = z.object({
  keys: z
    .array(z.object({ ...okp, d: z.base64url() }))
    .min(1)
    .max(purchaseKeysMax)
    .refine(haveKidsOfTheirOwn, 'two keys have the same kid'),
});
const publicSetSchema = z.object({
  keys: z
    .array(z.object(okp))
    .min(1)
    .max(purchaseKeysMax)
    .refine(haveKidsOfTheirOwn, 'two keys have the same kid'),
});

/** A `kid` names one key: with two of a name nobody could say which one verifies. */
export function haveKidsOfTheirOwn(keys: readonly { kid: string }[]): boolean {
  return new Set(keys.map(({ kid }) => kid)).size === keys.length;
}

export type PublicJwks = { keys: JWK[] };

/** Drops everything private: what `/.well-known/jwks.json` shows. */
export function publicJwks(json: string): PublicJwks {
  const { keys } = publicSetSchema.parse(JSON.parse(json));
  return { keys: keys.map((key) => ({ ...key, alg: 'EdDSA', use: 'sig' })) };
}

/** The first key of a private set signs. Throws a ZodError where it is none. */
export async function purchaseSigner(json: string): Promise<PurchaseSigner> {
  const { keys } = privateSetSchema.parse(JSON.parse(json));
  const [first] = keys;
  if (!first) throw new Error('the purchase key set is empty');
  const key = await importJWK({ ...first, alg: 'EdDSA' }, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('the purchase key is not an asymmetric key');
  return { kid: first.kid, key };
}
