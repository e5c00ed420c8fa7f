import { type Network, parseAddress, parseNetwork } from '@fairgate/shared/address.ts';
import type { Signal } from '@fairgate/shared/bans/suspects.ts';
import {
  knownPushHosts,
  type PushRule,
  pushHostsSchema,
} from '@fairgate/shared/notices/push-endpoint.ts';
import { vapidPublicKeyForm } from '@fairgate/shared/notices/vapid.ts';
import {
  type RedisPlace,
  redisClusterSchema,
  redisPlace,
  redisUrlsSchema,
} from '@fairgate/shared/redis/place.ts';
import { hmacKeysHint, keySetting, parseSettings } from '@fairgate/shared/settings.ts';
import { type PublicJwks, publicJwks } from '@fairgate/shared/token/jwks.ts';
import { type PassKeys, parsePassKeys } from '@fairgate/shared/token/pass.ts';
import { parseTicketKeys, type TicketKeys } from '@fairgate/shared/token/ticket.ts';
import { z } from 'zod';
import type { TurnstileSettings } from './app/turnstile.ts';

/** An origin: scheme, host and port, without a path. */
const originSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .transform((text) => new URL(text).origin);

const originListSchema = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(originSchema).min(1));

const secretKeySchema = z
  .base64url()
  .min(43, 'must be at least 32 bytes as base64url')
  .transform((text) => Buffer.from(text, 'base64url'));

/** Addresses and networks, with commas between them. */
const networksSchema = z.string().transform((text, check): Network[] => {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter(Boolean).map((part) => {
    const address = parseAddress(part);
    const network = address ? { ...address, length: address.bits } : parseNetwork(part);
    if (network !== null) return network;
    check.addIssue({
      code: 'custom',
      message: 'must be addresses or networks, such as 10.0.0.0/8',
    });
    return z.NEVER;
  });
});

/** Where variables cannot be left out, an empty one is none. */
const optionalText = z.preprocess(
  (value) => (value === '' ? undefined : value),
  z.string().min(1).max(200).optional(),
);

const pushHosts = z.preprocess((value) => value || knownPushHosts, pushHostsSchema);

/** Of P-256, uncompressed (RFC 8292 section 3.2). */
const optionalVapidKey = z.preprocess(
  (value) => (value === '' ? undefined : value),
  z
    .string()
    .regex(vapidPublicKeyForm, 'must be a public key as "npm run keys" gives it')
    .optional(),
);

/** 0: never. */
const suspiciousFrom = z.coerce.number().int().min(0).max(1_000_000);

const gatewaySchema = z.object({
  ROOM_REDIS_URL: redisUrlsSchema,
  ROOM_REDIS_CLUSTER: redisClusterSchema,
  ADMISSION_KEY: secretKeySchema,
  BAN_JOINS_PER_MINUTE: suspiciousFrom.default(1_500),
  BAN_CHALLENGES_FAILED: suspiciousFrom.default(40),
  BAN_TICKETS_FORGED: suspiciousFrom.default(200),
});

const edgeSchema = gatewaySchema.extend({
  CHECKOUT_ORIGINS: originListSchema,
  CHECKOUT_BALANCER: originSchema.optional(),
  PUBLIC_ORIGIN: originSchema,
  TICKET_KEYS: keySetting(parseTicketKeys, hmacKeysHint),
  PASS_KEYS: keySetting(parsePassKeys, hmacKeysHint),
  PURCHASE_KEYS: keySetting(
    purchaseKeys,
    'must be a JWK set with at least one private Ed25519 key, each with a kid',
  ),
  GATEWAY_SHARDS: z.coerce.number().int().min(1).max(1_000).default(4),
  LIMIT_LOOPBACK: z.enum(['0', '1']).default('1'),
  LIMIT_EXEMPT: networksSchema.default([]),
  ALTCHA_KEY: secretKeySchema,
  VAPID_PUBLIC_KEY: optionalVapidKey,
  PUSH_HOSTS: pushHosts,
  PUSH_LOOPBACK: z.enum(['0', '1']).default('0'),
  TURNSTILE_SITE_KEY: optionalText,
  TURNSTILE_SECRET: optionalText,
  TURNSTILE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .default('https://challenges.cloudflare.com/turnstile/v0/siteverify'),
  LIMIT_JOINS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(300),
});

type EdgeSettings = z.infer<typeof edgeSchema>;

type TurnstileName = 'TURNSTILE_SITE_KEY' | 'TURNSTILE_SECRET';

/** Of a pair; told together with all other mistakes. */
const neededWith = (given: TurnstileName, missing: TurnstileName) => ({
  isWhole: (settings: EdgeSettings) => !settings[given] || settings[missing] !== undefined,
  mistake: { path: [missing], message: `is missing: ${given} is set`, when: () => true },
});
const secretOfKey = neededWith('TURNSTILE_SITE_KEY', 'TURNSTILE_SECRET');
const keyOfSecret = neededWith('TURNSTILE_SECRET', 'TURNSTILE_SITE_KEY');
const edgeSettingsSchema = edgeSchema
  .refine(secretOfKey.isWhole, secretOfKey.mistake)
  .refine(keyOfSecret.isWhole, keyOfSecret.mistake);

export type EdgeConfig = {
  publicOrigin: string;
  /** Origins of requests that count as ours. */
  ownOrigins: string[];
  /** Cookies are `Secure`, and named with `__Host-`, except on loopback http. */
  secureCookies: boolean;
  checkoutOrigins: string[];
  /** Asked before the others, where there is one. */
  checkoutBalancer: string | undefined;
  ticketKeys: TicketKeys;
  /** The queue service signs by them. */
  passKeys: PassKeys;
  purchaseKeys: { privateJson: string; publicSet: PublicJwks };
  gatewayShards: number;
  /** Whose attempts are neither counted nor limited. */
  exempt: { loopback: boolean; networks: Network[] };
  joinsPerMinute: number;
  /** Of the digests by which places of one address are counted. */
  addressKey: Buffer;
  /** Signs proof-of-work challenges. */
  altchaKey: Buffer;
  /** Null where the shop has no widget there. */
  turnstile: TurnstileSettings | null;
  /** With which browsers subscribe to push messages; null where the shop sends none. */
  vapidPublicKey: string | null;
  pushRule: PushRule;
};

export type GatewayConfig = {
  roomRedis: RedisPlace;
  admissionKey: Buffer;
  /** How many of each signal in its window make a network a suspect; 0: never. */
  suspiciousFrom: Record<Signal, number>;
};

/** The Worker's bindings, read once. Throws a SettingsError that names every mistake. */
export function readEdgeConfig(bindings: Record<string, unknown>): EdgeConfig {
  const settings = parseSettings(edgeSettingsSchema, bindings);
  return {
    publicOrigin: settings.PUBLIC_ORIGIN,
    ownOrigins: [settings.PUBLIC_ORIGIN, ...loopbackTwin(settings.PUBLIC_ORIGIN)],
    secureCookies: settings.PUBLIC_ORIGIN.startsWith('https:'),
    checkoutOrigins: settings.CHECKOUT_ORIGINS,
    checkoutBalancer: settings.CHECKOUT_BALANCER,
    ticketKeys: settings.TICKET_KEYS,
    passKeys: settings.PASS_KEYS,
    purchaseKeys: settings.PURCHASE_KEYS,
    gatewayShards: settings.GATEWAY_SHARDS,
    exempt: { loopback: settings.LIMIT_LOOPBACK === '0', networks: settings.LIMIT_EXEMPT },
    joinsPerMinute: settings.LIMIT_JOINS_PER_MINUTE,
    addressKey: settings.ADMISSION_KEY,
    altchaKey: settings.ALTCHA_KEY,
    turnstile: turnstileOf(settings),
    vapidPublicKey: settings.VAPID_PUBLIC_KEY ?? null,
    pushRule: { hosts: settings.PUSH_HOSTS, allowsLoopback: settings.PUSH_LOOPBACK === '1' },
  };
}

/** What the gateway needs of the same bindings. Throws a SettingsError. */
export function readGatewayConfig(bindings: Record<string, unknown>): GatewayConfig {
  const settings = parseSettings(gatewaySchema, bindings);
  return {
    roomRedis: redisPlace(settings.ROOM_REDIS_URL, settings.ROOM_REDIS_CLUSTER),
    admissionKey: settings.ADMISSION_KEY,
    suspiciousFrom: {
      join: settings.BAN_JOINS_PER_MINUTE,
      'challenge-failed': settings.BAN_CHALLENGES_FAILED,
      'ticket-forged': settings.BAN_TICKETS_FORGED,
    },
  };
}

function turnstileOf(settings: EdgeSettings): TurnstileSettings | null {
  const { TURNSTILE_SITE_KEY: siteKey, TURNSTILE_SECRET: secret, TURNSTILE_URL: url } = settings;
  return siteKey === undefined || secret === undefined ? null : { siteKey, secret, url };
}

/** On a loopback, who types `localhost` is at home as well. */
function loopbackTwin(origin: string): string[] {
  const { protocol, hostname, port } = new URL(origin);
  const twin = { '127.0.0.1': 'localhost', localhost: '127.0.0.1' }[hostname];
  return twin === undefined ? [] : [`${protocol}//${twin}${port === '' ? '' : `:${port}`}`];
}

const privateSetSchema = z.object({ keys: z.array(z.object({ d: z.base64url().min(1) })).min(1) });

function purchaseKeys(json: string): { privateJson: string; publicSet: PublicJwks } {
  privateSetSchema.parse(JSON.parse(json));
  return { privateJson: json, publicSet: publicJwks(json) };
}
