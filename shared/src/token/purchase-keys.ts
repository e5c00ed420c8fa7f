import {
  type CryptoKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
} from 'jose';
import type { PublicJwks } from './jwks.ts';

/** Nobody can say whether the token's key is ours: the published set is away, which is logged there. */
export class KeysAway extends Error {
  override readonly name = 'KeysAway';
}

/** An unknown `kid` causes one fetch in so long, however many tokens carry it. */
const cooldownMs = 30_000;
/** A set that was away is asked again after so long. */
const awayMs = 5_000;
/** A set that is older is fetched anew, behind the back of whoever found it so. */
const freshMs = 600_000;

type Query = Parameters<JWTVerifyGetKey>;

/**
 * The keys that verify purchase tokens: those that came with the settings first, and for a `kid`
 * that is not among them the edge's published set, so that a rotation needs no restart. That set
 * being away, or slow, never hurts a key that was ever fetched; with an unknown one it throws
 * `KeysAway`. `onAway` hears of each fetch that failed.
 */
export function purchaseKeys(
  bundled: PublicJwks,
  url: string | undefined,
  onAway: (error: unknown) => void,
): JWTVerifyGetKey {
  const local = createLocalJWKSet(bundled);
  if (url === undefined) return local;
  const published = publishedKeys(new URL(url), onAway);
  return async (...query) => (await keyIn(local, query)) ?? (await published(...query));
}

function publishedKeys(url: URL, onAway: (error: unknown) => void): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, {
    timeoutDuration: 2_000,
    cooldownDuration: cooldownMs,
    cacheMaxAge: freshMs,
  });
  let fetched = createLocalJWKSet({ keys: [] });
  let failedAtMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;

  const fetchSet = async () => {
    try {
      await remote.reload();
      fetched = createLocalJWKSet(remote.jwks() ?? { keys: [] });
    } catch (cause) {
      failedAtMs = Date.now();
      onAway(cause);
      throw new KeysAway('the published keys cannot be fetched', { cause });
    } finally {
      fetching = null;
    }
  };
  const refetched = async () => {
    // jose's own cool-down begins with a success; a set that is away needs one too.
    if (Date.now() - failedAtMs < awayMs) throw new KeysAway('the published keys are away');
    fetching ??= fetchSet();
    await fetching;
  };

  return async (...query) => {
    const known = await keyIn(fetched, query);
    if (known !== null) {
      if (!remote.fresh) refetched().catch(() => {});
      return known;
    }
    if (!remote.coolingDown) await refetched();
    return await fetched(...query);
  };
}

/** Null where the set has no key for this header. */
async function keyIn(set: JWTVerifyGetKey, query: Query): Promise<CryptoKey | null> {
  try {
    return (await set(...query)) as CryptoKey;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return null;
    throw error;
  }
}
