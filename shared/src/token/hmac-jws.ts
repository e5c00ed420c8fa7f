import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { compactJws, decodedPart } from './compact-jws.ts';
import { haveKidsOfTheirOwn } from './jwks.ts';

/** Keys of one type of HS256 token, by `kid`, and by the header as we write it; the first signs, all verify. */
export type HmacKeys = {
  typ: string;
  kid: string;
  byKid: Map<string, KeyObject>;
  byHead: Map<string, KeyObject>;
};

const keysSchema = z.object({
  keys: z
    .array(z.object({ kid: z.string().min(1).max(64), k: z.base64url().min(43) }))
    .min(1)
    .refine(haveKidsOfTheirOwn, 'two keys have the same kid'),
});

/** Parses `{"keys":[{"kid","k"}]}`, `k` being at least 32 bytes as base64url; throws a ZodError. */
export function parseHmacKeys(json: string, typ: string, keysMax: number): HmacKeys {
  const { keys } = keysSchema
    .refine((set) => set.keys.length <= keysMax, `holds more than ${keysMax} keys`)
    .parse(JSON.parse(json));
  const byKid = new Map(
    keys.map(({ kid, k }) => [kid, createSecretKey(Buffer.from(k, 'base64url'))]),
  );
  const [first] = keys;
  const byHead = new Map([...byKid].map(([kid, key]) => [encode(headerOf(typ, kid)), key]));
  return { typ, kid: first?.kid ?? '', byKid, byHead };
}

function headerOf(typ: string, kid: string) {
  return { alg: 'HS256', typ, kid };
}

/** A compact JWS (RFC 7515) by the first key. */
export function signHmacJws(keys: HmacKeys, claims: object): string {
  const key = keys.byKid.get(keys.kid);
  if (!key) throw new Error(`the key set of ${keys.typ} has no signing key`);
  const signed = `${encode(headerOf(keys.typ, keys.kid))}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

export type HmacVerdict =
  | { kind: 'signed'; payload: unknown }
  | { kind: 'invalid'; why: 'form' | 'header' | 'key' | 'signature' };

/** Longer texts are no tokens of ours, and are not worth a hash. */
const bytesMax = 1_024;

/** Checks form, pinned algorithm and type (RFC 8725), and the signature, in that order. */
export function verifyHmacJws(keys: HmacKeys, text: string): HmacVerdict {
  if (text.length > bytesMax) return { kind: 'invalid', why: 'form' };
  const parts = compactJws(text);
  if (parts === null) return { kind: 'invalid', why: 'form' };
  const { head, body, signature } = parts;
  const key = keys.byHead.get(head) ?? keyOf(keys, head);
  if (key === 'header' || key === 'key') return { kind: 'invalid', why: key };
  const expected = createHmac('sha256', key).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { kind: 'invalid', why: 'signature' };
  }
  return { kind: 'signed', payload: decodedPart(body) };
}

/** Strict: a header with more in it, `crit` say (RFC 7515 section 4.1.11), is none of ours. */
const headerSchema = z.strictObject({
  alg: z.literal('HS256'),
  typ: z.string(),
  kid: z.string(),
});

/** The key that a header names which is not written as ours are, or why there is none. */
function keyOf(keys: HmacKeys, head: string): KeyObject | 'header' | 'key' {
  const header = headerSchema.safeParse(decodedPart(head));
  if (!header.success || header.data.typ !== keys.typ) return 'header';
  return keys.byKid.get(header.data.kid) ?? 'key';
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
