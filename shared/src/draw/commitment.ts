import { createHash, randomBytes } from 'node:crypto';

/** The secret of a draw: 64 hex digits. It is known to nobody before the draw. */
export function newDrawSecret(): string {
  return randomBytes(32).toString('hex');
}

/** What is published before the lobby opens: SHA-256, in hex, of the secret's text. */
export function commitmentOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
