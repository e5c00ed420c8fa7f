import { exportJWK, generateKeyPair } from 'jose';
import { publicJwks } from '../token/jwks.ts';
import { newProofKey } from '../token/proof-maker.ts';
import { type PurchaseClaims, signPurchaseToken } from '../token/purchase.ts';

/** For tests: a key of Fairgate's, tokens by it, and a shopper's key that some are bound to. */
export async function signingFixture() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one' };
  const shopper = newProofKey();
  let count = 0;
  return {
    keys: publicJwks(JSON.stringify({ keys: [jwk] })),
    shopper,
    token: async (changes: Partial<PurchaseClaims> = {}, kid = 'one') => {
      const now = Math.floor(Date.now() / 1_000);
      count += 1;
      const times = { iat: now, nbf: now - 5, exp: now + 60 };
      const claims = { sub: 'v', jti: `jti-${count}`, sale: 'sale_1', number: 1, max: 2 };
      return await signPurchaseToken({ kid, key: privateKey }, { ...claims, ...times, ...changes });
    },
    boundTo: { cnf: { jkt: shopper.jkt } },
  };
}
