import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type HmacKeys, parseHmacKeys, signHmacJws, verifyHmacJws } from '../token/hmac-jws.ts';

/**
 * The link in a mail that ends the notices of one sale for one address, or takes one such ending back, and
 * does nothing else: a compact HS256 JWS that the queue service signs and the checkout verifies. It
 * names the address by a digest, gives no power over a place or an order, and never expires.
 */
const linkType = 'notices+jwt';

const claimsSchema = z.object({
  sale: z.string().max(64),
  /** `recipientDigest` of the address. */
  recipient: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** Of a link that takes it back: when they unsubscribed, in ms. What they ended since stays ended. */
  again: z.int().optional(),
});
export type NoticeLinkClaims = z.infer<typeof claimsSchema>;

export type NoticeKeys = HmacKeys;

/** Mails are opened years later: a set may keep many keys that verify. */
export const noticeKeysMax = 20;

/** As `parsePassKeys`. */
export function parseNoticeKeys(json: string): NoticeKeys {
  return parseHmacKeys(json, linkType, noticeKeysMax);
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
  const claims = { sale: saleId, recipient: recipientDigest(saleId, address) };
  return `${origin}${noticePath}${signHmacJws(keys, claims satisfies NoticeLinkClaims)}`;
}

/** The address of the page that has them written to again, who had unsubscribed at that moment (ms). */
export function resubscribeLink(
  keys: NoticeKeys,
  origin: string,
  { saleId, address, unsubscribedAt }: { saleId: string; address: string; unsubscribedAt: number },
): string {
  const recipient = recipientDigest(saleId, address);
  const claims = { sale: saleId, recipient, again: unsubscribedAt };
  return `${origin}${noticePath}${signHmacJws(keys, claims satisfies NoticeLinkClaims)}`;
}

/** Null where it is none of ours. */
export function readNoticeLink(keys: NoticeKeys, signed: string): NoticeLinkClaims | null {
  const verdict = verifyHmacJws(keys, signed);
  if (verdict.kind === 'invalid') return null;
  return claimsSchema.safeParse(verdict.payload).data ?? null;
}

/** Headers of a mail that can be unsubscribed with one click (RFC 2369, RFC 8058). */
export function unsubscribeHeaders(link: string): Record<string, string> {
  return {
    'List-Unsubscribe': `<${link}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}
