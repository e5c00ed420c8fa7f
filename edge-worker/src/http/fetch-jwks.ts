import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';

/** Some dozens of keys take 20 KB. */
const bytesMax = 65_536;
const fetchMsMax = 3_000;

const setSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The JWK Set at an address that an operator chose: bounded in time and size, and from there alone,
 * as a redirect could lead anywhere. Rejects for everything else.
 */
export function jwksFetcher(fetch: Fetch): (url: string) => Promise<JSONWebKeySet> {
  return async (url) => {
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(fetchMsMax),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`the key set answers ${response.status}`);
    }
    return setSchema.parse(JSON.parse(await boundedText(response)));
  };
}

async function boundedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      throw new Error('the key set is too large');
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks).toString('utf8');
}
