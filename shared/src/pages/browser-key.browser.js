// The browser's own key, and proofs by it (RFC 9449). It is made here, cannot be read by anyone, and
// is kept in IndexedDB, one for the origin: what is bound to it is worth nothing elsewhere.
// Every function gives null where the browser has no such key; whoever calls goes on without.

const storeName = 'keys';
const keyName = 'proof';

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const openStore = async (mode) => {
  const request = indexedDB.open('fairgate', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  const database = await settled(request);
  return database.transaction(storeName, mode).objectStore(storeName);
};

/** The key that is there. */
export const storedKey = async () => {
  try {
    return (await settled((await openStore('readonly')).get(keyName))) ?? null;
  } catch {
    return null;
  }
};

/** The key that is there, or a new one. */
export const browserKey = async () => {
  const there = await storedKey();
  if (there !== null) return there;
  try {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const fresh = await crypto.subtle.generateKey(algorithm, false, ['sign']);
    // Adding fails where another tab was faster: then its key is ours too.
    await settled((await openStore('readwrite')).add(fresh, keyName)).catch(() => {});
    return await storedKey();
  } catch {
    return null;
  }
};

/** The public part as a JWK (RFC 7517), nothing else of it. */
export const publicJwk = async (pair) => {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { kty, crv, x, y };
};

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const utf8 = (text) => new TextEncoder().encode(text);

/** base64url(SHA-256(text)): the claim `ath` of a proof that goes with a token. */
export const hashOf = async (text) => base64url(await crypto.subtle.digest('SHA-256', utf8(text)));

/** A fresh proof for one request. `nowMs`: by the server's clock. */
export const makeProof = async (pair, { method, path, ath, nowMs }) => {
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
