import { createHmac, timingSafeEqual } from 'node:crypto';

/** The sandbox's webhook signature: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
export const signatureHeader = 'fairgate-signature';

export function signWebhook(secret: string, body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1_000);
  return `t=${t},v1=${hmac(secret, t, body).toString('hex')}`;
}

export type SignatureVerdict =
  | { kind: 'fits' }
  | { kind: 'forged'; why: 'missing' | 'form' | 'old' | 'signature' };

/** Signature first, then age: who cannot sign learns nothing from the clock. */
export function verifyWebhook(
  secret: string,
  body: string,
  header: string | undefined,
  nowMs: number,
  toleranceSeconds: number,
): SignatureVerdict {
  if (header === undefined) return { kind: 'forged', why: 'missing' };
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (!match) return { kind: 'forged', why: 'form' };
  const t = Number(match[1]);
  const given = Buffer.from(match[2] ?? '', 'hex');
  const expected = hmac(secret, t, body);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { kind: 'forged', why: 'signature' };
  }
  const age = Math.abs(nowMs / 1_000 - t);
  return age > toleranceSeconds ? { kind: 'forged', why: 'old' } : { kind: 'fits' };
}

function hmac(secret: string, t: number, body: string): Buffer {
  return createHmac('sha256', secret).update(`${t}.${body}`).digest();
}
