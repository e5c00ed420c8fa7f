import { createHmac, randomBytes } from 'node:crypto';

/** The prefix that tells what it is; the rest is base64 of 24 to 64 bytes. */
const prefix = 'whsec_';
const secretBytes = 32;

export function newWebhookSecret(): string {
  return `${prefix}${randomBytes(secretBytes).toString('base64')}`;
}

/** What is signed: one message, one moment (seconds since the epoch), one body. */
export type Signed = { id: string; timestamp: number; body: string };

/** The value of `webhook-signature`: one for each secret, with spaces between them. */
export function webhookSignature(
  secrets: readonly string[],
  { id, timestamp, body }: Signed,
): string {
  const content = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  });
  return signatures.join(' ');
}
