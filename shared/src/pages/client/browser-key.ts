// The browser's own key, and proofs by it (RFC 9449). It is made here, cannot be read by anyone, and
// is kept in IndexedDB, one for the origin: what is bound to it is worth nothing elsewhere.
// Every function gives null where the browser has no such key; whoever calls goes on without.

const storeName = 'keys';
const keyName = 'proof';

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const openStore = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
  const request = indexedDB.open('fairgate', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  const database = await settled(request);
  return database.transaction(storeName, mode).objectStore(storeName);
};

/** The key that is there. */
export const storedKey = async (): Promise<CryptoKeyPair | null> => {
  try {
    return (await settled((await openStore('readonly')).get(keyName))) ?? null;
  } catch {
    return null;
  }
};

/** The key that is there, or a new one. */
export const browserKey = async (): Promise<CryptoKeyPair | null> => {
  const there = await storedKey();
  if (there !== null) return there;
  try {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const fresh = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    // Adding fails where another tab was faster: then its key is ours too.
    await settled((await openStore('readwrite')).add(fresh, keyName)).catch(() => {});
    return await storedKey();
  } catch {
    return null;
  }
};

export type PublicPart = { kty: string; crv: string; x: string; y: string };

/** The public part as a JWK (RFC 7517), nothing else of it. */
export const publicJwk = async (pair: CryptoKeyPair): Promise<PublicPart> => {
  const {
    kty = '',
    crv = '',
    x = '',
    y = '',
  } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { kty, crv, x, y };
};

const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const utf8 = (text: string) => new TextEncoder().encode(text);

/** base64url(SHA-256(text)): the claim `ath` of a proof that goes with a token. */
export const hashOf = async (text: string): Promise<string> =>
  base64url(await crypto.subtle.digest('SHA-256', utf8(text)));

/** What a proof is of. `nowMs`: by the server's clock. */
export type ProofWish = { method: string; path: string; ath: string; nowMs: number };

/** A fresh proof for one request. */
export const makeProof = async (
  pair: CryptoKeyPair,
  { method, path, ath, nowMs }: ProofWish,
): Promise<string> => {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: await publicJwk(pair) };
  const claims = {
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: location.origin + path,
    iat: Math.floor(nowMs / 1000),
    ath,
  };
  const parts = [header, claims].map((part) => base64url(utf8(JSON.stringify(part))));
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, utf8(parts.join('.')));
  return `${parts.join('.')}.${base64url(signature)}`;
};
