import { parseSettings } from '@fairgate/shared/settings.ts';
import { publicJwks } from '@fairgate/shared/token/jwks.ts';
import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65_535);
const secret = z.string().min(32);
const level = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);
const commaList = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.url()).min(1));
const keySet = z.string().transform((json, context) => {
  try {
    return publicJwks(json);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a set of public Ed25519 keys' });
    return z.NEVER;
  }
});

const checkoutSchema = z.object({
  FAIRGATE_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRGATE_PORT: port,
  FAIRGATE_INSTANCE: z.string().min(1).max(64).default('checkout'),
  FAIRGATE_LOG_LEVEL: level.default('info'),
  FAIRGATE_DATABASE_URL: z.url(),
  FAIRGATE_ROOM_REDIS_URL: z.url(),
  FAIRGATE_PUBLIC_ORIGINS: commaList,
  FAIRGATE_PURCHASE_JWKS: keySet,
  FAIRGATE_JWKS_URL: z.url().optional(),
  FAIRGATE_ORDER_KEY_SECRET: secret,
  FAIRGATE_SANDBOX_URL: z.url().optional(),
  FAIRGATE_SANDBOX_WEBHOOK_SECRET: secret.optional(),
});
export type CheckoutSettings = z.infer<typeof checkoutSchema>;

const sandboxSchema = z.object({
  FAIRGATE_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRGATE_PORT: port,
  FAIRGATE_LOG_LEVEL: level.default('info'),
  /** Tried in turn, until one of them answers 2xx. */
  FAIRGATE_SANDBOX_WEBHOOK_URLS: commaList,
  FAIRGATE_SANDBOX_WEBHOOK_SECRET: secret,
});
export type SandboxSettings = z.infer<typeof sandboxSchema>;

/** The checkout's settings; throws a SettingsError that names every mistake. */
export function checkoutSettings(env: Record<string, unknown> = process.env): CheckoutSettings {
  return parseSettings(checkoutSchema, env);
}

/** The payment sandbox's settings; throws a SettingsError that names every mistake. */
export function sandboxSettings(env: Record<string, unknown> = process.env): SandboxSettings {
  return parseSettings(sandboxSchema, env);
}
