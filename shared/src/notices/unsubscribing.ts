import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type HmacKeys, parseHmacKeys, signHmacJws, verifyHmacJws } from '../token/hmac-jws.ts';

/**
 * The links in mails that end the notices of one sale for one address, and that take one such ending back,
 * and do nothing else: compact HS256 JWS that the queue service signs and the checkout verifies. They
 * name the address by a digest, give no power over a place or an order, and never expire. Each has a
 * type of its own (RFC 8725 section 3.11): who knows but one of them takes none for the other.
 */
const linkTypes = { stop: 'notices+jwt', again: 'notices-again+jwt' } as const;

const stopSchema = z.strictObject({
  sale: z.string().max(64),
  /** `recipientDigest` of the address. */
  recipient: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
const againSchema = stopSchema.extend({
  /** When they unsubscribed, in ms. What they ended since stays ended. */
  unsubscribedAt: z.int(),
});
export type NoticeLinkClaims =
  | ({ kind: 'stop' } & z.infer<typeof stopSchema>)
  | ({ kind: 'again' } & z.infer<typeof againSchema>);

/** The same keys for both types. */
export type NoticeKeys = { stop: HmacKeys; again: HmacKeys };

/** Mails are opened years later: a set may keep many keys that verify. */
export const noticeKeysMax = 20;

/** As `parsePassKeys`. */
export function parseNoticeKeys(json: string): NoticeKeys {
  return {
    stop: parseHmacKeys(json, linkTypes.stop, noticeKeysMax),
    again: parseHmacKeys(json, linkTypes.again, noticeKeysMax),
  };
}

/**
 * SHA-256 of sale and address, 43 characters: what is kept of whoever unsubscribes. In lower case, as
 * people type addresses either way; by sale, so that the rows of two sales tell nothing together.
 */
export function recipientDigest(saleId: string, address: string): string {
  const text = `${saleId}\n${address.trim().toLowerCase()}`;
  return createHash('sha256').update(text).digest('base64url');
}

/** Where the checkout answers it, at the origin that shoppers see. */
export const noticePath = '/checkout/notices/';

/** The address of the page that ends the notices of a sale for an e-mail address. */
export function unsubscribeLink(
  keys: NoticeKeys,
  origin: string,
  { saleId, address }: { saleId: string; address: string },
): string {
  const recipient = recipientDigest(saleId, address);
  const claims: z.infer<typeof stopSchema> = { sale: saleId, recipient };
  return `${origin}${noticePath}${signHmacJws(keys.stop, claims)}`;
}

/** The address of the page that has them written to again, who had unsubscribed at that moment (ms). */
export function resubscribeLink(
  keys: NoticeKeys,
  origin: string,
  { saleId, address, unsubscribedAt }: { saleId: string; address: string; unsubscribedAt: number },
): string {
  const recipient = recipientDigest(saleId, address);
  const claims: z.infer<typeof againSchema> = { sale: saleId, recipient, unsubscribedAt };
  return `${origin}${noticePath}${signHmacJws(keys.again, claims)}`;
}

/** Null where it is none of ours. */
export function readNoticeLink(keys: NoticeKeys, signed: string): NoticeLinkClaims | null {
  const stop = verifyHmacJws(keys.stop, signed);
  if (stop.kind === 'signed') {
    const { data } = stopSchema.safeParse(stop.payload);
    return data === undefined ? null : { kind: 'stop', ...data };
  }
  const again = verifyHmacJws(keys.again, signed);
  if (again.kind === 'invalid') return null;
  const { data } = againSchema.safeParse(again.payload);
  return data === undefined ? null : { kind: 'again', ...data };
}

/** Headers of a mail that can be unsubscribed with one click (RFC 2369, RFC 8058). */
export function unsubscribeHeaders(link: string): Record<string, string> {
  return {
    'List-Unsubscribe': `<${link}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}
