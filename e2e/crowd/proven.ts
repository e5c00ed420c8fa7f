import { makeProof } from '@fairgate/shared/token/proof-maker.ts';
import type { Shopper } from './fair.ts';

/** The header of a fresh proof for a request, for a shopper who is bound to a key. */
export function provenBy(
  { key }: Shopper,
  method: string,
  url: string,
  token: string,
): Record<string, string> {
  return key === null ? {} : { dpop: makeProof(key, { method, url, token }) };
}
