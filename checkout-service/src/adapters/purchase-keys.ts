import type { PublicJwks } from '@fairgate/shared/token/jwks.ts';
import {
  type CryptoKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
} from 'jose';

/** An unknown `kid` causes one fetch in so long, however many tokens carry it. */
const cooldownMs = 30_000;

/**
 * The keys that verify purchase tokens: those that came with the settings first, and for a `kid`
 * that is not among them the edge's published set. That set being away never hurts a known key.
 */
export function purchaseKeys(bundled: PublicJwks, url: string | undefined): JWTVerifyGetKey {
  const local = createLocalJWKSet(bundled);
  const remote =
    url === undefined
      ? null
      : createRemoteJWKSet(new URL(url), {
          timeoutDuration: 2_000,
          cooldownDuration: cooldownMs,
          cacheMaxAge: 600_000,
        });
  let failedAtMs = Number.NEGATIVE_INFINITY;
  return async (header, token): Promise<CryptoKey> => {
    try {
      return await local(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || remote === null) throw error;
    }
    // jose's own cool-down begins with a success; a set that is away needs one too.
    if (Date.now() - failedAtMs < cooldownMs) throw new errors.JWKSNoMatchingKey();
    try {
      return await remote(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw error;
      failedAtMs = Date.now();
      throw new errors.JWKSNoMatchingKey(undefined, { cause: error });
    }
  };
}
