import {
  type RedisPlace,
  redisClusterSchema,
  redisPlace,
  redisUrlsSchema,
} from '@fairgate/shared/redis/place.ts';
import { hmacKeysHint, keySetting, parseSettings } from '@fairgate/shared/settings.ts';
import { type PassKeys, parsePassKeys } from '@fairgate/shared/token/pass.ts';
import { z } from 'zod';

const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return parsed !== null && protocols.includes(parsed.protocol.replace(':', ''));
    },
    `must be a URL of ${protocols.join(' or ')}`,
  );

const settingsSchema = z.object({
  FAIRGATE_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRGATE_PORT: z.coerce.number().int().min(1).max(65_535).default(8789),
  FAIRGATE_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info'),
  FAIRGATE_DATABASE_URL: url('postgres', 'postgresql'),
  FAIRGATE_ROOM_REDIS_URL: redisUrlsSchema,
  FAIRGATE_ROOM_REDIS_CLUSTER: redisClusterSchema,
  FAIRGATE_JOBS_REDIS_URL: url('redis', 'rediss'),
  FAIRGATE_SMTP_URL: url('smtp', 'smtps'),
  FAIRGATE_MAIL_FROM: z.string().min(3).max(200),
  FAIRGATE_PUBLIC_ORIGINS: z
    .string()
    .transform((list) => list.split(',').map((origin) => origin.trim().replace(/\/$/, '')))
    .pipe(z.array(url('http', 'https')).min(1)),
  /** Tried in turn: the checkouts own orders, and refund them. */
  FAIRGATE_CHECKOUT_URLS: z
    .string()
    .transform((list) => list.split(',').map((one) => one.trim().replace(/\/$/, '')))
    .pipe(z.array(url('http', 'https')).min(1)),
  FAIRGATE_INTERNAL_KEY: z.string().min(32),
  FAIRGATE_PASS_KEYS: keySetting(parsePassKeys, hmacKeysHint),
  FAIRGATE_BAN_SECONDS: z.coerce.number().int().min(0).max(31_536_000).default(900),
  /** Public randomness for the draws of lotteries, in the manner of drand (docs/draw.md). */
  FAIRGATE_DRAW_RANDOMNESS_URL: z.preprocess(
    (value) => (value === '' ? undefined : value),
    url('http', 'https').optional(),
  ),
  /** That of the edge, or none: only to warn of sales that need it. */
  FAIRGATE_TURNSTILE_SITE_KEY: z.string().default(''),
  FAIRGATE_BOOTSTRAP_ADMIN_KEY: z.string().min(20).max(200).optional(),
});

export type Config = {
  host: string;
  port: number;
  logLevel: string;
  databaseUrl: string;
  roomRedis: RedisPlace;
  jobsRedisUrl: string;
  smtpUrl: string;
  mailFrom: string;
  /** The origin that shoppers see, first of FAIRGATE_PUBLIC_ORIGINS. */
  publicOrigin: string;
  checkoutUrls: string[];
  internalKey: string;
  /** The first signs passes; the edge has the same set. */
  passKeys: PassKeys;
  /** For how long suspicious addresses are banned; 0: not at all. */
  banSeconds: number;
  bootstrapAdminKey: string | undefined;
  /** The edge has an account at Turnstile. */
  hasTurnstile: boolean;
  drawRandomnessUrl: string | undefined;
};

/** Reads the environment, once. Throws a SettingsError that names every mistake. */
export function readConfig(env: Record<string, unknown>): Config {
  const settings = parseSettings(settingsSchema, env);
  return {
    host: settings.FAIRGATE_HOST,
    port: settings.FAIRGATE_PORT,
    logLevel: settings.FAIRGATE_LOG_LEVEL,
    databaseUrl: settings.FAIRGATE_DATABASE_URL,
    roomRedis: redisPlace(settings.FAIRGATE_ROOM_REDIS_URL, settings.FAIRGATE_ROOM_REDIS_CLUSTER),
    jobsRedisUrl: settings.FAIRGATE_JOBS_REDIS_URL,
    smtpUrl: settings.FAIRGATE_SMTP_URL,
    mailFrom: settings.FAIRGATE_MAIL_FROM,
    publicOrigin: settings.FAIRGATE_PUBLIC_ORIGINS[0] ?? '',
    checkoutUrls: settings.FAIRGATE_CHECKOUT_URLS,
    internalKey: settings.FAIRGATE_INTERNAL_KEY,
    passKeys: settings.FAIRGATE_PASS_KEYS,
    banSeconds: settings.FAIRGATE_BAN_SECONDS,
    bootstrapAdminKey: settings.FAIRGATE_BOOTSTRAP_ADMIN_KEY,
    hasTurnstile: settings.FAIRGATE_TURNSTILE_SITE_KEY !== '',
    drawRandomnessUrl: settings.FAIRGATE_DRAW_RANDOMNESS_URL,
  };
}
