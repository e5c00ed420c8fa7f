import { createECDH } from 'node:crypto';
import { vapidPrivateKeyForm, vapidPublicKeyForm } from '@fairgate/shared/notices/vapid.ts';
import { z } from 'zod';

/**
 * The pair by which push services know the shop (RFC 8292). One for good: every browser has
 * subscribed with its public half, and another would lose them all.
 */
export const vapidKeySchema = z.object({
  publicKey: z.string().regex(vapidPublicKeyForm),
  privateKey: z.string().regex(vapidPrivateKeyForm),
  createdAt: z.iso.datetime().optional(),
});
export type VapidKey = z.infer<typeof vapidKeySchema>;

export function makeVapidKey(now: Date): VapidKey {
  const pair = createECDH('prime256v1');
  const publicKey = pair.generateKeys('base64url');
  // The number may have fewer bytes than the curve.
  const privateKey = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32);
  const createdAt = now.toISOString();
  return { publicKey, privateKey: privateKey.toString('base64url'), createdAt };
}

/** How a list names it, as it names the others by their kid. */
export function vapidKid({ publicKey }: VapidKey): string {
  return publicKey.slice(0, 8);
}
