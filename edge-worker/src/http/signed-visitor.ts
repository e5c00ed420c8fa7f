import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TicketKeys } from '@fairgate/shared/token/ticket.ts';

/** `jkt`: thumbprint of the browser's key, where the visitor has shown one. */
export type Visitor = { visitor: string; jkt: string | null };

/** 128 random bits as base64url, and perhaps the thumbprint of a key (RFC 7638). */
const visitorForm = /^[A-Za-z0-9_-]{22}(~[A-Za-z0-9_-]{43})?$/;

/** `visitor.kid.mac` or `visitor~jkt.kid.mac`: says who a browser is before it has a place anywhere. */
export function signVisitor(keys: TicketKeys, visitor: string, jkt: string | null = null): string {
  const text = jkt === null ? visitor : `${visitor}~${jkt}`;
  return `${text}.${keys.kid}.${mac(keys, keys.kid, text)?.toString('base64url') ?? ''}`;
}

/** The visitor of a value that we signed, or null. */
export function readVisitor(keys: TicketKeys, value: string): Visitor | null {
  const [text = '', kid = '', signature = '', ...rest] = value.split('.');
  if (!visitorForm.test(text) || rest.length > 0) return null;
  const expected = mac(keys, kid, text);
  const given = Buffer.from(signature, 'base64url');
  if (!expected || given.length !== expected.length) return null;
  if (!timingSafeEqual(given, expected)) return null;
  const [visitor = '', jkt = null] = text.split('~');
  return { visitor, jkt };
}

/** The colon keeps these apart from tickets, whose signed text has none. */
function mac(keys: TicketKeys, kid: string, text: string): Buffer | null {
  const key = keys.byKid.get(kid);
  return key ? createHmac('sha256', key).update(`visitor:${text}`).digest() : null;
}
