import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  makeHmacKey,
  makePurchaseKey,
  purchaseKeySchema,
  ticketKeySchema,
} from '../keys/key-set.ts';
import { withSealKeys } from '../keys/seal-keys.ts';
import { makeVapidKey, vapidKeySchema } from '../keys/vapid-key.ts';
import { messageOf, SetupError } from '../setup-error.ts';
import { writeFileAtomically } from './atomic-file.ts';

/** What folders from before it lack is made when they are read. */
const secretsSchema = z.object({
  ticketKeys: z.object({ keys: z.array(ticketKeySchema).min(1) }),
  purchaseKeys: z.object({ keys: z.array(purchaseKeySchema).min(1) }),
  passKeys: z
    .object({ keys: z.array(ticketKeySchema).min(1) })
    .default(() => ({ keys: [makeHmacKey(new Date())] })),
  noticeKeys: z
    .object({ keys: z.array(ticketKeySchema).min(1) })
    .default(() => ({ keys: [makeHmacKey(new Date())] })),
  vapidKey: vapidKeySchema.default(() => makeVapidKey(new Date())),
  admissionKey: z.string().min(1),
  orderKeySecret: z.string().min(1),
  sandboxWebhookSecret: z.string().min(1),
  adminKey: z.string().startsWith('fgk_'),
  /** What the services show each other. */
  internalKey: z
    .string()
    .min(1)
    .default(() => randomText(32)),
  /** Signs challenges. */
  altchaKey: z
    .string()
    .min(1)
    .default(() => randomText(32)),
  /** What secrets of webhooks are kept under. */
  webhookKeys: z
    .object({ keys: z.array(ticketKeySchema).min(1) })
    .default(() => ({ keys: [makeHmacKey(new Date())] })),
  databasePassword: z.string().min(1),
});

export type Secrets = z.infer<typeof secretsSchema>;
const laterKeys = [
  'internalKey',
  'passKeys',
  'noticeKeys',
  'altchaKey',
  'vapidKey',
  'webhookKeys',
] as const satisfies (keyof Secrets)[];

/** Every secret of a stack; made at the first start, and the same ever after. */
export function loadSecrets(file: string): Secrets {
  if (!existsSync(file)) {
    const secrets = makeSecrets();
    saveSecrets(file, secrets);
    return secrets;
  }
  const { secrets, isWhole } = readSecrets(file);
  if (!isWhole) saveSecrets(file, secrets);
  return secrets;
}

export function saveSecrets(file: string, secrets: Secrets): void {
  writeFileAtomically(file, `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
}

function readSecrets(file: string): { secrets: Secrets; isWhole: boolean } {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const secrets = secretsSchema.parse(withSealKeys(stored));
    const isWhole = laterKeys.every((name) => Object.hasOwn(Object(stored), name));
    return { secrets, isWhole };
  } catch (error) {
    throw new SetupError(
      `${file} cannot be read as the stack's secrets (${messageOf(error)}). Tickets and passwords ` +
        'rest on it: restore it, or start over with an empty --data-dir.',
    );
  }
}

/** The public half of the purchase keys, as the checkouts get it. */
export function publicKeys({ purchaseKeys }: Secrets): { keys: object[] } {
  return {
    keys: purchaseKeys.keys.map(({ kty, crv, x, kid, alg, use }) => ({
      kty,
      crv,
      x,
      kid,
      alg,
      use,
    })),
  };
}

function makeSecrets(): Secrets {
  const now = new Date();
  return {
    ticketKeys: { keys: [makeHmacKey(now)] },
    purchaseKeys: { keys: [makePurchaseKey(now)] },
    passKeys: { keys: [makeHmacKey(now)] },
    noticeKeys: { keys: [makeHmacKey(now)] },
    vapidKey: makeVapidKey(now),
    admissionKey: randomText(32),
    orderKeySecret: randomText(32),
    sandboxWebhookSecret: randomText(32),
    adminKey: `fgk_${randomText(32)}`,
    internalKey: randomText(32),
    altchaKey: randomText(32),
    webhookKeys: { keys: [makeHmacKey(now)] },
    databasePassword: randomText(18),
  };
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
