import { type Network, parseNetwork } from '@fairgate/shared/address.ts';
import type { PushRule } from '@fairgate/shared/notices/push-endpoint.ts';
import { type NoticeKeys, parseNoticeKeys } from '@fairgate/shared/notices/unsubscribing.ts';
import {
  type RedisPlace,
  redisClusterSchema,
  redisPlace,
  redisUrlsSchema,
} from '@fairgate/shared/redis/place.ts';
import { hmacKeysHint, keySetting, parseSettings } from '@fairgate/shared/settings.ts';
import { type PassKeys, parsePassKeys } from '@fairgate/shared/token/pass.ts';
import { z } from 'zod';
import type { OidcSettings } from './app/access-ports.ts';
import type { DkimSettings } from './app/ports.ts';
import type { SealKeys } from './app/webhook-secrets.ts';
import { checkDkim, dkimFields, dkimOf } from './dkim-config.ts';
import { isVapidWhole, pushConfig, pushSettings, type Vapid, vapidMistake } from './push-config.ts';

const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return parsed !== null && protocols.includes(parsed.protocol.replace(':', ''));
    },
    `must be a URL of ${protocols.join(' or ')}`,
  );

const optionalText = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const networks = z
  .string()
  .default('')
  .transform((list, check) =>
    list
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '')
      .flatMap((one) => {
        const network = parseNetwork(one.includes('/') ? one : wholeOf(one));
        if (network !== null) return [network];
        check.addIssue({ code: 'custom', message: 'must be addresses or networks, by commas' });
        return [];
      }),
  );

function wholeOf(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/** `<new>,<old>`: 32 bytes each, as base64url. */
const sealKeys = z
  .string()
  .transform((list) => list.split(',').map((key) => Buffer.from(key.trim(), 'base64url')))
  .refine(
    (keys) => keys.every((key) => key.length === 32),
    'must be keys of 32 bytes as base64url, by commas',
  );

/** `admin=…,operator=…,viewer=…`: how the login calls our roles. */
const roleNames = z
  .string()
  .default('admin=fairgate-admin,operator=fairgate-operator,viewer=fairgate-viewer')
  .transform((list) => Object.fromEntries(list.split(',').map((pair) => pair.trim().split('='))))
  .pipe(z.strictObject({ admin: z.string(), operator: z.string(), viewer: z.string() }));

const settingsSchema = z
  .object({
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
    /** Signs mails, where the mail server does not. */
    ...dkimFields,
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
    FAIRGATE_NOTICE_KEYS: keySetting(parseNoticeKeys, hmacKeysHint),
    /** The secrets of webhooks are kept under the first; all of them open. */
    FAIRGATE_WEBHOOK_KEYS: sealKeys,
    /** Webhooks may go to addresses that are not public: tests, one's own machine. */
    FAIRGATE_WEBHOOK_PRIVATE: z.enum(['0', '1']).default('0'),
    FAIRGATE_BAN_SECONDS: z.coerce.number().int().min(0).max(31_536_000).default(900),
    /** For how long events are kept for analysts (docs/analytics.md); 0: none are written. */
    FAIRGATE_EVENTS_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
    /** Public randomness for the draws of lotteries, in the manner of drand (docs/draw.md). */
    FAIRGATE_DRAW_RANDOMNESS_URL: z.preprocess(
      (value) => (value === '' ? undefined : value),
      url('http', 'https').optional(),
    ),
    /** That of the edge, or none: only to warn of sales that need it. */
    FAIRGATE_TURNSTILE_SITE_KEY: z.string().default(''),
    /** Proxies whose `X-Forwarded-For` is believed: addresses or networks, separated by commas. */
    FAIRGATE_TRUSTED_PROXIES: networks,
    /** Wrong keys from loopback addresses count too; the local stack leaves them out. */
    FAIRGATE_LIMIT_LOOPBACK: z.enum(['0', '1']).default('1'),
    /** As browsers reach the console; as the request says where it is not set. */
    FAIRGATE_CONSOLE_ORIGIN: optionalText(url('http', 'https')),
    /** The operator's own login (OpenID Connect); none without an issuer. */
    FAIRGATE_OIDC_ISSUER: optionalText(url('http', 'https')),
    FAIRGATE_OIDC_CLIENT_ID: optionalText(z.string().max(300)),
    FAIRGATE_OIDC_CLIENT_SECRET: optionalText(z.string().max(500)),
    FAIRGATE_OIDC_AUDIENCE: optionalText(z.string().max(300)),
    FAIRGATE_OIDC_NAME: z.string().max(60).default('Single sign-on'),
    FAIRGATE_OIDC_ROLES_CLAIM: z.string().min(1).max(200).default('roles'),
    FAIRGATE_OIDC_ROLES: roleNames,
    FAIRGATE_BOOTSTRAP_ADMIN_KEY: z.string().min(20).max(200).optional(),
    ...pushSettings,
  })
  .refine(
    (all) =>
      (all.FAIRGATE_OIDC_ISSUER === undefined) === (all.FAIRGATE_OIDC_CLIENT_ID === undefined),
    { path: ['FAIRGATE_OIDC_CLIENT_ID'], error: 'is set together with FAIRGATE_OIDC_ISSUER' },
  )
  .refine(isVapidWhole, vapidMistake)
  .superRefine(checkDkim);

export type Config = {
  host: string;
  port: number;
  logLevel: string;
  databaseUrl: string;
  roomRedis: RedisPlace;
  jobsRedisUrl: string;
  smtpUrl: string;
  mailFrom: string;
  dkim: DkimSettings | null;
  /** The origin that shoppers see, first of FAIRGATE_PUBLIC_ORIGINS. */
  publicOrigin: string;
  checkoutUrls: string[];
  internalKey: string;
  /** The first signs passes; the edge has the same set. */
  passKeys: PassKeys;
  /** The first signs the links that end notices; the checkouts have the same set. */
  noticeKeys: NoticeKeys;
  webhookKeys: SealKeys;
  webhookPrivate: boolean;
  /** For how long suspicious addresses are banned; 0: not at all. */
  banSeconds: number;
  /** For how many days events are kept; 0: none are written. */
  eventsDays: number;
  bootstrapAdminKey: string | undefined;
  /** The edge has an account at Turnstile. */
  hasTurnstile: boolean;
  drawRandomnessUrl: string | undefined;
  trustedProxies: Network[];
  limitLoopback: boolean;
  consoleOrigin: string | null;
  oidc: OidcSettings | null;
  /** Null: no push messages are sent. */
  vapid: Vapid | null;
  pushRule: PushRule;
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
    dkim: dkimOf(settings),
    publicOrigin: settings.FAIRGATE_PUBLIC_ORIGINS[0] ?? '',
    checkoutUrls: settings.FAIRGATE_CHECKOUT_URLS,
    internalKey: settings.FAIRGATE_INTERNAL_KEY,
    passKeys: settings.FAIRGATE_PASS_KEYS,
    noticeKeys: settings.FAIRGATE_NOTICE_KEYS,
    webhookKeys: settings.FAIRGATE_WEBHOOK_KEYS,
    webhookPrivate: settings.FAIRGATE_WEBHOOK_PRIVATE === '1',
    banSeconds: settings.FAIRGATE_BAN_SECONDS,
    eventsDays: settings.FAIRGATE_EVENTS_DAYS,
    bootstrapAdminKey: settings.FAIRGATE_BOOTSTRAP_ADMIN_KEY,
    hasTurnstile: settings.FAIRGATE_TURNSTILE_SITE_KEY !== '',
    drawRandomnessUrl: settings.FAIRGATE_DRAW_RANDOMNESS_URL,
    trustedProxies: settings.FAIRGATE_TRUSTED_PROXIES,
    limitLoopback: settings.FAIRGATE_LIMIT_LOOPBACK === '1',
    consoleOrigin: settings.FAIRGATE_CONSOLE_ORIGIN?.replace(/\/$/, '') ?? null,
    oidc: oidcOf(settings),
    ...pushConfig(settings),
  };
}

function oidcOf(settings: z.infer<typeof settingsSchema>): OidcSettings | null {
  const { FAIRGATE_OIDC_ISSUER: issuer, FAIRGATE_OIDC_CLIENT_ID: clientId } = settings;
  if (issuer === undefined || clientId === undefined) return null;
  return {
    issuer,
    clientId,
    clientSecret: settings.FAIRGATE_OIDC_CLIENT_SECRET,
    audience: settings.FAIRGATE_OIDC_AUDIENCE ?? clientId,
    name: settings.FAIRGATE_OIDC_NAME,
    rolesClaim: settings.FAIRGATE_OIDC_ROLES_CLAIM,
    roles: settings.FAIRGATE_OIDC_ROLES,
  };
}
