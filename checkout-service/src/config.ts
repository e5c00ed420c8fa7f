import { parseNoticeKeys } from '@fairgate/shared/notices/unsubscribing.ts';
import { redisClusterSchema, redisUrlsSchema } from '@fairgate/shared/redis/place.ts';
import { hmacKeysHint, keySetting, parseSettings } from '@fairgate/shared/settings.ts';
import { publicJwks } from '@fairgate/shared/token/jwks.ts';
import { z } from 'zod';
import { controlsSchema } from './sandbox/controls.ts';

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

/** Compose passes a variable that .env leaves empty: that is none. */
const optional = <T>(schema: z.ZodType<T>) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const stripeUrl = z.url({ protocol: /^https?$/ }).refine(isOrigin, 'is more than an origin');

const checkoutFields = z.object({
  FAIRGATE_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRGATE_PORT: port,
  FAIRGATE_INSTANCE: z.string().min(1).max(64).default('checkout'),
  FAIRGATE_LOG_LEVEL: level.default('info'),
  FAIRGATE_DATABASE_URL: z.url(),
  FAIRGATE_ROOM_REDIS_URL: redisUrlsSchema,
  FAIRGATE_ROOM_REDIS_CLUSTER: redisClusterSchema,
  FAIRGATE_PUBLIC_ORIGINS: commaList,
  FAIRGATE_PURCHASE_JWKS: keySet,
  FAIRGATE_JWKS_URL: z.url().optional(),
  FAIRGATE_ORDER_KEY_SECRET: secret,
  FAIRGATE_NOTICE_KEYS: keySetting(parseNoticeKeys, hmacKeysHint),
  FAIRGATE_JOBS_REDIS_URL: z.url(),
  FAIRGATE_INTERNAL_KEY: secret,
  FAIRGATE_SANDBOX_URL: optional(z.url()),
  FAIRGATE_SANDBOX_WEBHOOK_SECRET: optional(secret),
  FAIRGATE_SANDBOX_KEY: optional(secret),
  FAIRGATE_STRIPE_SECRET_KEY: optional(
    z.string().regex(/^[sr]k_\w{8,}$/, 'is not a secret key (sk_…, rk_…)'),
  ),
  FAIRGATE_STRIPE_WEBHOOK_SECRET: optional(
    z.string().regex(/^whsec_\S{8,}$/, 'is not a signing secret (whsec_…)'),
  ),
  /** With it the order page has Stripe's form; without it the shop's own page takes the payment. */
  FAIRGATE_STRIPE_PUBLISHABLE_KEY: optional(
    z.string().regex(/^pk_(test|live)_\w{8,}$/, 'is not a publishable key (pk_…)'),
  ),
  /** A stand-in for Stripe, in tests. */
  FAIRGATE_STRIPE_API_URL: optional(stripeUrl),
});

/** `when`: told together with all other mistakes, not after them. */
const rule = (path: keyof CheckoutSettings, message: string) => ({
  path: [path],
  message,
  when: () => true,
});

/**
 * A provider is set up whole, or not at all; a live key never travels in the clear, and never stands
 * beside the sandbox, whose cards would pay for real goods.
 */
const checkoutSchema = checkoutFields
  .refine(
    (given) => !isSet(given.FAIRGATE_SANDBOX_URL) || isSet(given.FAIRGATE_SANDBOX_WEBHOOK_SECRET),
    rule('FAIRGATE_SANDBOX_WEBHOOK_SECRET', 'FAIRGATE_SANDBOX_URL needs it'),
  )
  .refine(
    (given) =>
      !isSet(given.FAIRGATE_SANDBOX_URL) ||
      !/^[sr]k_live_/.test(String(given.FAIRGATE_STRIPE_SECRET_KEY)),
    rule('FAIRGATE_SANDBOX_URL', 'is set beside a live key of Stripe: leave one of them out'),
  )
  .refine(
    (given) =>
      isSet(given.FAIRGATE_STRIPE_SECRET_KEY) === isSet(given.FAIRGATE_STRIPE_WEBHOOK_SECRET),
    rule('FAIRGATE_STRIPE_WEBHOOK_SECRET', 'FAIRGATE_STRIPE_SECRET_KEY needs it, and it the key'),
  )
  .refine(
    ({ FAIRGATE_STRIPE_PUBLISHABLE_KEY: shown, FAIRGATE_STRIPE_SECRET_KEY: secretKey }) =>
      !isSet(shown) || modeOf(shown) === modeOf(secretKey),
    rule('FAIRGATE_STRIPE_PUBLISHABLE_KEY', 'needs the FAIRGATE_STRIPE_SECRET_KEY of its mode'),
  )
  .refine(
    (given) =>
      !String(given.FAIRGATE_STRIPE_API_URL).startsWith('http:') ||
      /^[sr]k_test_/.test(String(given.FAIRGATE_STRIPE_SECRET_KEY)),
    rule('FAIRGATE_STRIPE_API_URL', 'is plain http, which is for test keys alone'),
  );
export type CheckoutSettings = z.infer<typeof checkoutFields>;

const controlsJson = z.string().transform((text, context) => {
  try {
    return controlsSchema.parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON of the sandbox’s controls' });
    return z.NEVER;
  }
});

const sandboxSchema = z.object({
  FAIRGATE_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRGATE_PORT: port,
  FAIRGATE_LOG_LEVEL: level.default('info'),
  /** Tried in turn, until one of them answers 2xx. */
  FAIRGATE_SANDBOX_WEBHOOK_URLS: commaList,
  FAIRGATE_SANDBOX_WEBHOOK_SECRET: secret,
  /** What callers of its API must show; anybody inside may call it where none is set. */
  FAIRGATE_SANDBOX_KEY: optional(secret),
  /** Its books, so that it forgets nothing when it is killed. */
  FAIRGATE_SANDBOX_FILE: optional(z.string().min(1)),
  /** What it does wrong from the start, as JSON; see sandbox/controls.ts. */
  FAIRGATE_SANDBOX_CONTROLS: optional(controlsJson),
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

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '';
}

/** `test` or `live`, of a key of Stripe's. */
function modeOf(key: unknown): string | undefined {
  return /^[a-z]k_(test|live)_/.exec(String(key))?.[1];
}

function isOrigin(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && parsed.href === `${parsed.origin}/`;
}
