import { banKinds } from '@fairgate/shared/bans/ban.ts';
import { isoTime } from '@fairgate/shared/clock.ts';
import { liveFiguresSchema } from '@fairgate/shared/live-figures.ts';
import { orderStates } from '@fairgate/shared/order.ts';
import { reportedAnswerSchema } from '@fairgate/shared/reported-outcomes.ts';
import { roomSettingsSchema, saleModes, saleStates } from '@fairgate/shared/sale.ts';
import { z } from 'zod';
import type { AuditRecord } from '../app/access-ports.ts';
import type { Identity } from '../app/caller.ts';
import type { Finding } from '../domain/checks.ts';
import type { AdminState } from '../domain/phase.ts';
import {
  type BanRecord,
  type KeyRecord,
  type ProductRecord,
  type SaleRecord,
  unitsTotal,
} from '../domain/records.ts';
import { type ApiRole, apiRoles, roleSuffices } from '../domain/roles.ts';

export const at = z.iso.datetime();
export const count = z.int().min(0);
export const adminState = z.enum(['draft', ...saleStates]);

export const productView = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  imageUrl: z.string().nullable(),
  priceMinor: count,
  currency: z.string(),
  stock: count.describe('all units: free + held + sold'),
  free: count,
  held: count,
  sold: count,
  createdAt: at,
  updatedAt: at,
});

export function viewProduct(product: ProductRecord): z.infer<typeof productView> {
  return {
    id: product.id,
    name: product.name,
    description: product.description,
    imageUrl: product.imageUrl,
    priceMinor: product.priceMinor,
    currency: product.currency,
    stock: unitsTotal(product.counts),
    ...product.counts,
    createdAt: isoTime(product.createdAt),
    updatedAt: isoTime(product.updatedAt),
  };
}

export const findingView = z.object({
  code: z.string(),
  severity: z
    .enum(['error', 'warning', 'info'])
    .describe('publishing is refused because of errors, and of nothing else'),
  path: z.string().describe('the setting, in dots; empty where it is about none'),
  message: z.string(),
  todo: z.string(),
});

export const saleView = z.object({
  id: z.string(),
  name: z.string(),
  state: adminState,
  productIds: z.array(z.string()),
  startsAt: at,
  endsAt: at.nullable(),
  mode: z.enum(saleModes),
  currency: z.string(),
  room: roomSettingsSchema,
  createdAt: at,
  updatedAt: at,
  warnings: z
    .array(findingView)
    .optional()
    .describe(
      'what a public sale should be looked at for; after creating, changing and publishing it all findings of /checks; left out where there is nothing',
    ),
});

export function viewSale(
  sale: SaleRecord,
  { state, warnings }: { state: AdminState; warnings: Finding[] },
): z.infer<typeof saleView> {
  return {
    id: sale.id,
    name: sale.name,
    state,
    productIds: sale.productIds,
    startsAt: isoTime(sale.startsAt),
    endsAt: sale.endsAt === null ? null : isoTime(sale.endsAt),
    mode: sale.mode,
    currency: sale.currency,
    room: sale.room,
    createdAt: isoTime(sale.createdAt),
    updatedAt: isoTime(sale.updatedAt),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(apiRoles),
  createdAt: at,
  expiresAt: at.nullable().describe('null: until it is revoked'),
  lastUsedAt: at.nullable().describe('to some seconds; null: never'),
});
export const newKeyView = keyView.extend({ key: z.string().describe('shown this once') });

export function viewKey(key: KeyRecord): z.infer<typeof keyView> {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    createdAt: isoTime(key.createdAt),
    expiresAt: timeOrNull(key.expiresAt),
    lastUsedAt: timeOrNull(key.lastUsedAt),
  };
}

export const banView = z.object({
  id: z.string(),
  kind: z.enum(banKinds),
  value: z.string(),
  reason: z.string(),
  actor: z.string().describe('who made it: `key:…`, or `system:…` where it came by itself'),
  createdAt: at,
  expiresAt: at.nullable().describe('null: until it is lifted'),
});

export function viewBan(ban: BanRecord): z.infer<typeof banView> {
  const { createdAt, expiresAt, ...rest } = ban;
  return {
    ...rest,
    createdAt: isoTime(createdAt),
    expiresAt: expiresAt === null ? null : isoTime(expiresAt),
  };
}

export const liveRoomView = liveFiguresSchema.extend({
  id: z.string().describe('of the sale'),
  settings: roomSettingsSchema,
});

/** After a change of the settings; with the figures too, where the room can be reached. */
export const setRoomView = liveRoomView
  .partial()
  .required({ id: true, settings: true, state: true });

export const orderView = z.object({
  id: z.string(),
  saleId: z.string(),
  number: count.describe("the shopper's number in the line"),
  paidElsewhere: z
    .exactOptional(z.literal(true))
    .describe('reported by a checkout of the shop’s own, which took the money'),
  state: z.enum(orderStates),
  items: z.array(
    z.object({
      productId: z.string(),
      quantity: count,
      unitPriceMinor: count,
      units: z.array(z.string()),
    }),
  ),
  totalMinor: count,
  currency: z.string(),
  payBefore: at,
  createdAt: at,
  paidAt: at.optional(),
  failure: z.string().optional(),
});

/** A list of them, with the cursor of the next page. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

const fields = z.record(z.string(), z.unknown());

export const auditView = z.object({
  id: z.string(),
  at,
  actor: z.string().describe('`key:…`, `user:…`, `visitor:…` or `system:…`'),
  address: z.string().nullable().describe('where they sat; shown to operators and admins'),
  action: z.string(),
  saleId: z.string().nullable(),
  productId: z.string().nullable(),
  orderId: z.string().nullable(),
  unitIds: z.array(z.string()),
  before: fields.nullable().describe('of a change: the fields that are otherwise, as they were'),
  after: fields.nullable(),
  detail: fields,
});

export function viewAudit(entry: AuditRecord, role: ApiRole): z.infer<typeof auditView> {
  const address = roleSuffices(role, 'operator') ? entry.address : null;
  return { ...entry, at: isoTime(entry.at), address };
}

export const sessionView = z.object({
  actor: z.string(),
  name: z.string(),
  role: z.enum(apiRoles),
  expiresAt: at.nullable().describe('null: a key that does not expire'),
});

export function viewSession(who: Identity): z.infer<typeof sessionView> {
  const { actor, name, role, expiresAt } = who;
  return { actor, name, role, expiresAt: timeOrNull(expiresAt) };
}

export const reportedOutcomesView = z.object({
  id: z.string().describe('of the sale'),
  results: reportedAnswerSchema.shape.results,
});

export const refundsView = z.object({
  id: z.string().describe('of the sale'),
  orders: count.describe('paid orders whose refund was ordered by this call'),
});
