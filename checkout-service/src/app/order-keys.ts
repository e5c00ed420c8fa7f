import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** The key that reads and changes one order: derived, never stored. */
export type OrderKeys = {
  keyOf(orderId: string): string;
  fits(orderId: string, given: string): boolean;
};

/** base64url(HMAC-SHA256(secret, 'order:' + order id)), compared in constant time. */
export function makeOrderKeys(secret: string): OrderKeys {
  const key = createSecretKey(Buffer.from(secret, 'utf8'));
  const keyOf = (orderId: string) =>
    createHmac('sha256', key).update(`order:${orderId}`).digest('base64url');
  return {
    keyOf,
    fits(orderId, given) {
      const expected = Buffer.from(keyOf(orderId));
      const actual = Buffer.from(given);
      return actual.length === expected.length && timingSafeEqual(actual, expected);
    },
  };
}
