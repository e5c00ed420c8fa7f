import { z } from 'zod';

/** What a sale is to the public. `draft` is never public. */
export const saleStates = ['scheduled', 'lobby', 'open', 'paused', 'sold_out', 'closed'] as const;
export type SaleState = (typeof saleStates)[number];

/** What an admin has ordered; `lobby` and `sold_out` follow from the clock and the stock. */
export const salePhases = ['draft', 'scheduled', 'open', 'paused', 'closed'] as const;
export type SalePhase = (typeof salePhases)[number];

export const saleModes = ['fifo', 'lottery'] as const;
export type SaleMode = (typeof saleModes)[number];

/** Whether places and purchase tokens are bound to a key of the shopper's browser. */
export const bindModes = ['off', 'optional', 'required'] as const;
export type BindMode = (typeof bindModes)[number];

/** What a shopper has to solve, and at which steps of the way. */
export const challengeKinds = ['none', 'altcha', 'turnstile'] as const;
export type ChallengeKind = (typeof challengeKinds)[number];
export const challengeSteps = ['join', 'token'] as const;
export type ChallengeStep = (typeof challengeSteps)[number];

/** Its edge fetches this, so it has to be one's own machine or https; redirects are not followed. */
const jwksUrlSchema = z
  .url({ protocol: /^https?$/, abort: true })
  .max(2_000)
  .refine(isFetchable, {
    error: 'must be https (http only on a loopback), without user or password',
  });

function isFetchable(text: string): boolean {
  const { protocol, hostname, username, password } = new URL(text);
  const isNear = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return (protocol === 'https:' || isNear) && username === '' && password === '';
}

/** The shop's own login: whose JWTs say who a shopper is, and whether a place needs one. */
export const identitySchema = z.strictObject({
  jwksUrl: jwksUrlSchema,
  issuer: z.string().min(1).max(300),
  audience: z.string().min(1).max(300),
  required: z.boolean(),
});
export type IdentitySetting = z.infer<typeof identitySchema>;

/** Room settings and their ranges (CONTRACT.md section 5). */
export const roomSettingsSchema = z.strictObject({
  admitPerMinute: z.int().min(0).max(600_000),
  maxActive: z.int().min(1).max(1_000_000),
  tokenSeconds: z.int().min(5).max(3_600),
  paySeconds: z.int().min(10).max(86_400),
  abandonSeconds: z.int().min(5).max(86_400),
  lobbySeconds: z.int().min(0).max(604_800),
  maxUnitsPerShopper: z.int().min(1).max(100),
  guaranteeStock: z.boolean(),
  challenge: z.enum(challengeKinds),
  challengeAt: z.array(z.enum(challengeSteps)).max(2),
  bindTokens: z.enum(bindModes),
  message: z.string().max(1_000),
  laneShare: z.strictObject({ priority: z.number().min(0).max(1) }).optional(),
  identity: identitySchema.optional(),
  placesPerAddress: z.int().min(1).max(1_000_000).optional(),
  unitsPerEmail: z.int().min(1).max(10_000).optional(),
});
export type RoomSettings = z.infer<typeof roomSettingsSchema>;

const { laneShare, identity, placesPerAddress, unitsPerEmail } = roomSettingsSchema.shape;
/** Any subset of the settings; nothing is filled in, and null takes away what may be unset. */
export const roomSettingsPatchSchema = roomSettingsSchema.partial().extend({
  laneShare: laneShare.nullable(),
  identity: identity.nullable(),
  placesPerAddress: placesPerAddress.nullable(),
  unitsPerEmail: unitsPerEmail.nullable(),
});
export type RoomSettingsPatch = z.infer<typeof roomSettingsPatchSchema>;

export const roomSettingsDefaults: RoomSettings = {
  admitPerMinute: 600,
  maxActive: 500,
  tokenSeconds: 120,
  paySeconds: 300,
  abandonSeconds: 120,
  lobbySeconds: 900,
  maxUnitsPerShopper: 1,
  guaranteeStock: true,
  challenge: 'none',
  challengeAt: ['join'],
  bindTokens: 'optional',
  message: '',
};

/** A product as shoppers see it; `available` counts free units and may be a second old. */
export const publicProductSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  imageUrl: z.string().nullable(),
  /** Integer minor units of `currency` (ISO 4217). */
  priceMinor: z.int(),
  currency: z.string(),
  total: z.int(),
});
export type PublicProduct = z.infer<typeof publicProductSchema>;

/** The part of a sale that only an admin changes; held in the room's Redis as JSON. */
export const saleInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(saleModes),
  startsAt: z.string(),
  endsAt: z.string().nullable(),
  bindTokens: z.enum(bindModes).default('optional'),
  challenge: z.enum(challengeKinds).default('none'),
  challengeAt: z.array(z.enum(challengeSteps)).default([]),
  /** Of a lottery: SHA-256 of the secret, from publishing on. */
  drawCommitment: z.string().optional(),
  /** The secret itself, once the draw is done. */
  drawSeed: z.string().optional(),
  /** How many places one address (IPv6: one /64) may have at a time; no limit where unset. */
  placesPerAddress: z.int().optional(),
  /** The shop's own login, where the sale trusts one. */
  identity: identitySchema.optional(),
  /** Which look of the shop's own the pages have; it has its own key in Redis. */
  appearance: z.object({ version: z.int() }).optional(),
  products: z.array(publicProductSchema),
});
export type SaleInfo = z.infer<typeof saleInfoSchema>;

const count = z.int().min(0);

/** The public snapshot of CONTRACT.md section 3. */
export const publicSaleSchema = saleInfoSchema.omit({ appearance: true }).extend({
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime().nullable(),
  lobbyOpensAt: z.iso
    .datetime()
    .nullable()
    .describe('from when one may join before the start; null: not before it'),
  bindTokens: z.enum(bindModes).describe('whether places and tokens are bound to a key'),
  challenge: z.enum(challengeKinds).describe('what has to be solved, at the steps `challengeAt`'),
  challengeAt: z.array(z.enum(challengeSteps)),
  drawCommitment: z.string().optional().describe('of a lottery: SHA-256 of its secret'),
  drawSeed: z.string().optional().describe('the secret itself, once the draw is done'),
  placesPerAddress: z.int().optional().describe('how many one address may have at a time'),
  identity: identitySchema
    .pick({ issuer: true, required: true })
    .optional()
    .describe('the login that the sale trusts, and whether a place needs one'),
  state: z.enum(saleStates),
  serverTime: z.iso.datetime(),
  products: z.array(publicProductSchema.extend({ available: count })),
  waiting: count.describe('people in line'),
  admitPerMinute: count,
  message: z.string().describe('of the shop, to everybody'),
});
export type PublicSale = z.infer<typeof publicSaleSchema>;
