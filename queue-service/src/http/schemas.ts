import { banKinds, banValue } from '@fairgate/shared/bans/ban.ts';
import { pageQuerySchema } from '@fairgate/shared/http/page.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { orderStates } from '@fairgate/shared/order.ts';
import { outcomesSchema } from '@fairgate/shared/reported-outcomes.ts';
import { roomSettingsPatchSchema, saleModes } from '@fairgate/shared/sale.ts';
import { z } from 'zod';
import { unitsAddedMax } from '../domain/product-import.ts';
import { apiRoles } from '../domain/roles.ts';

const name = z.string().trim().min(1).max(200);

const imageUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2_000)
  .nullable();

/** Cleared by null, as an image is. */
const description = z
  .string()
  .max(5_000)
  .nullable()
  .transform((text) => text ?? '');

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Also of the columns of a CSV file. */
export const productFields = {
  name,
  description,
  imageUrl,
  priceMinor: z.int().min(0).max(1e12),
  currency: z
    .string()
    .refine((code) => currencies.has(code), 'must be an ISO 4217 code, such as EUR')
    .meta({ pattern: '^[A-Z]{3}$' }),
};

export const newProductSchema = z.strictObject({
  ...productFields,
  description: description.default(''),
  imageUrl: imageUrl.default(null),
  stock: z.int().min(0).max(unitsAddedMax),
});
export const productPatchSchema = z.strictObject(productFields).partial();
export const stockSchema = z.strictObject({ add: z.int().min(1).max(unitsAddedMax) });

/** ISO 8601 with an offset, to ms since the epoch; in years that every store can hold. */
export const time = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time, such as 2030-01-31T18:00:00Z' })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= Date.UTC(2000) && ms < Date.UTC(2200), 'must be in 2000 to 2199');

const productIds = z
  .array(z.string().refine((id) => isId('prod', id), 'is not the id of a product'))
  .min(1)
  .max(100)
  .refine((ids) => new Set(ids).size === ids.length, 'names a product twice');

/** Also of copies. */
export const saleFields = {
  name,
  productIds,
  startsAt: time,
  endsAt: time.nullable(),
  mode: z.enum(saleModes),
  room: roomSettingsPatchSchema,
};

export const newSaleSchema = z.strictObject({
  ...saleFields,
  endsAt: saleFields.endsAt.default(null),
  mode: saleFields.mode.default('fifo'),
  room: saleFields.room.default({}),
  publish: z.boolean().default(false),
});
export const salePatchSchema = z.strictObject(saleFields).partial();

/** State calls need no body; `confirm` is the sale's name. */
export const actionSchema = z.strictObject({ confirm: z.string().max(1_000).optional() });

/** `reason` goes into the ledger; `confirm` is the sale's name. */
export const refundSchema = actionSchema.extend({ reason: z.string().max(500).optional() });

export const reportedOutcomesSchema = z.strictObject({ outcomes: outcomesSchema });

export const newKeySchema = z.strictObject({
  name,
  role: z.enum(apiRoles),
  expiresAt: time.nullable().default(null),
});

/** The value in its one form; an ASN may be sent as a number. */
export const newBanSchema = z
  .strictObject({
    kind: z.enum(banKinds),
    value: z.union([z.string().max(200), z.int()]),
    reason: z.string().trim().min(1).max(500),
    expiresAt: time.nullable().default(null),
  })
  .transform((ban, check) => {
    const found = banValue(ban.kind, String(ban.value));
    if (found.kind === 'value') return { ...ban, value: found.value };
    check.addIssue({ code: 'custom', path: ['value'], message: found.mustBe });
    return z.NEVER;
  });

export const listSchema = pageQuerySchema;
export const orderListSchema = pageQuerySchema.extend({
  saleId: z
    .string()
    .refine((id) => isId('sale', id), 'is not the id of a sale')
    .optional(),
  state: z.enum(orderStates).optional(),
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .describe('an order id, an e-mail address, or a number in the line')
    .optional(),
});

export const auditListSchema = pageQuerySchema.extend({
  saleId: z
    .string()
    .refine((id) => isId('sale', id), 'is not the id of a sale')
    .optional(),
  actor: z
    .string()
    .max(200)
    .describe('`key:…`, `user:…`, `visitor:…`, `system:…`; or `admins` for keys and users')
    .optional(),
  action: z.string().max(100).describe('such as `sale.paused`').optional(),
});

/** Signing in at the console. */
export const signInSchema = z.strictObject({ key: z.string().min(1).max(512) });
