import type { PublicJwks } from '@fairgate/shared/token/jwks.ts';
import {
  type CryptoKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';

/** An unknown `kid` causes one fetch in so long, however many tokens carry it. */
const cooldownMs = 30_000;
/** A set that was away is asked again after so long. */
const awayMs = 5_000;

/** Nobody can say whether the token's key is ours: the published set is away. */
export class KeysAway extends Error {
  override readonly name = 'KeysAway';
}

/**
 * The keys that verify purchase tokens: those that came with the settings first, and for a `kid`
 * that is not among them the edge's published set, so that a rotation needs no restart. That set
 * being away never hurts a key that was ever fetched; with an unknown one it throws `KeysAway`.
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
    if (Date.now() - failedAtMs < awayMs) {
      return await cachedKey(remote.jwks(), header, token);
    }
    try {
      return await remote(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw error;
      failedAtMs = Date.now();
      return await cachedKey(remote.jwks(), header, token);
    }
  };
}

/** A key that was fetched earlier is as good as a bundled one. */
async function cachedKey(
  cached: JSONWebKeySet | undefined,
  ...[header, token]: Parameters<JWTVerifyGetKey>
): Promise<CryptoKey> {
  try {
    return await createLocalJWKSet(cached ?? { keys: [] })(header, token);
  } catch (error) {
    throw new KeysAway('the published keys cannot be fetched', { cause: error });
  }
}
