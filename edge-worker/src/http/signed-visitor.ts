import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TicketKeys } from '@fairgate/shared/token/ticket.ts';

/** 128 random bits as base64url. */
const visitorForm = /^[A-Za-z0-9_-]{22}$/;

/** `visitor.kid.mac`: says who a browser is before it has a place anywhere. */
export function signVisitor(keys: TicketKeys, visitor: string): string {
  return `${visitor}.${keys.kid}.${mac(keys, keys.kid, visitor)?.toString('base64url') ?? ''}`;
}

/** The visitor of a value that we signed, or null. */
export function readVisitor(keys: TicketKeys, value: string): string | null {
  const [visitor = '', kid = '', signature = '', ...rest] = value.split('.');
  if (!visitorForm.test(visitor) || rest.length > 0) return null;
  const expected = mac(keys, kid, visitor);
  const given = Buffer.from(signature, 'base64url');
  if (!expected || given.length !== expected.length) return null;
  return timingSafeEqual(given, expected) ? visitor : null;
}

/** The colon keeps these apart from tickets, whose signed text has none. */
function mac(keys: TicketKeys, kid: string, visitor: string): Buffer | null {
  const key = keys.byKid.get(kid);
  return key ? createHmac('sha256', key).update(`visitor:${visitor}`).digest() : null;
}
