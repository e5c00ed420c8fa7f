import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { BuyerKind, OrderState, UnitState } from '../order.ts';
import type { RoomSettings, SaleMode, SalePhase } from '../sale.ts';
import type { Language } from '../words/languages.ts';
import { at, created } from './columns.ts';

/** Things for sale. Owner: the queue service. */
export const products = pgTable('products', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  description: text('description').notNull().default(''),
  imageUrl: text('image_url'),
  priceMinor: bigint('price_minor', { mode: 'number' }).notNull(),
  currency: text('currency').notNull(),
  version: integer('version').notNull().default(1),
  createdAt: created(),
  updatedAt: at('updated_at').notNull().defaultNow(),
  deletedAt: at('deleted_at'),
});

/** How many shards a product's units are dealt to (ARCHITECTURE.md D6). */
export const stockShards = 16;

/** One row per sellable piece, dealt to shards when stock is added. Owner: the checkout. */
export const units = pgTable(
  'units',
  {
    id: text('id').primaryKey(),
    productId: text('product_id').notNull(),
    shard: smallint('shard').notNull(),
    state: text('state').$type<UnitState>().notNull().default('free'),
    orderId: text('order_id'),
    createdAt: created(),
  },
  (t) => [
    index('units_free').on(t.productId, t.shard, t.id).where(sql`state = 'free'`),
    // Not of free units: before the first ANALYZE a claim would be planned on it (claim.sql).
    index('units_taken').on(t.productId, t.state).where(sql`state <> 'free'`),
    check('units_state', sql`state in ('free', 'held', 'sold')`),
    check('units_owner', sql`(state = 'free') = (order_id is null)`),
  ],
);

/** Sales as admins set them. `phase` is what was ordered; the public state follows from it. */
export const sales = pgTable('sales', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  phase: text('phase').$type<SalePhase>().notNull().default('draft'),
  mode: text('mode').$type<SaleMode>().notNull().default('fifo'),
  currency: text('currency').notNull(),
  startsAt: at('starts_at').notNull(),
  endsAt: at('ends_at'),
  room: jsonb('room').$type<RoomSettings>().notNull(),
  version: integer('version').notNull().default(1),
  createdAt: created(),
  updatedAt: at('updated_at').notNull().defaultNow(),
  deletedAt: at('deleted_at'),
});

/** Which products a sale offers; a product is in one sale that is not closed at a time. */
export const saleProducts = pgTable(
  'sale_products',
  {
    saleId: text('sale_id').notNull(),
    productId: text('product_id').notNull(),
    position: integer('position').notNull(),
    /** False once the sale is closed or deleted. */
    live: boolean('live').notNull().default(true),
  },
  (t) => [
    primaryKey({ columns: [t.saleId, t.productId] }),
    uniqueIndex('sale_products_live').on(t.productId).where(sql`live`),
  ],
);

/**
 * A spent token, or one that can no longer be spent (`lapsed`): `jti` as the primary key is what
 * forbids a second redemption (ARCHITECTURE.md D5, D7). Owner: the checkout.
 */
export const redemptions = pgTable(
  'redemptions',
  {
    jti: text('jti').primaryKey(),
    saleId: text('sale_id').notNull(),
    visitor: text('visitor').notNull(),
    number: bigint('number', { mode: 'number' }).notNull(),
    /** The number in the line, where `number` is the rank that was drawn. */
    place: bigint('place', { mode: 'number' }),
    max: integer('max').notNull(),
    kind: text('kind').$type<'order' | 'lapsed'>().notNull(),
    orderId: text('order_id'),
    idempotencyKey: text('idempotency_key'),
    requestHash: text('request_hash'),
    /** `<iat>.<jti>@<balancer's id>` of the DPoP proofs taken with it: each proves one request. */
    proofs: text('proofs').array().notNull().default(sql`'{}'`),
    createdAt: created(),
  },
  (t) => [index('redemptions_by_sale').on(t.saleId, t.createdAt)],
);

/**
 * Units in the live orders of one buyer in one sale, and how many there may be: the check, not the
 * code, keeps the limits per visitor, e-mail and identity. Owner: the checkout.
 */
export const buyerUnits = pgTable(
  'buyer_units',
  {
    saleId: text('sale_id').notNull(),
    kind: text('kind').$type<BuyerKind>().notNull(),
    /** The visitor, the e-mail in lower case, or the identity of the token. */
    buyer: text('buyer').notNull(),
    units: integer('units').notNull(),
    /** The limit at the last claim; a lowered one takes nothing away. */
    unitsMax: integer('units_max').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.saleId, t.kind, t.buyer] }),
    check('buyer_units_bound', sql`units between 0 and units_max`),
  ],
);

/** Orders. Owner: the checkout. Money in minor units. */
export const orders = pgTable(
  'orders',
  {
    id: text('id').primaryKey(),
    saleId: text('sale_id').notNull(),
    jti: text('jti').notNull().unique(),
    visitor: text('visitor').notNull(),
    number: bigint('number', { mode: 'number' }).notNull(),
    state: text('state').$type<OrderState>().notNull().default('awaiting_payment'),
    totalMinor: bigint('total_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    email: text('email'),
    /** It was made and is paid at a checkout of the shop's own, which reports it. */
    paidElsewhere: boolean('paid_elsewhere').notNull().default(false),
    /** What its notices are written in (`words/languages.ts`); null: nobody said. */
    language: text('language').$type<Language>(),
    /** The shop's own login that the token names, where the sale knows one. */
    identity: text('identity'),
    /** What the redemption answered; `payBefore` may be extended, this may not. */
    firstPayBefore: at('first_pay_before').notNull(),
    payBefore: at('pay_before').notNull(),
    extended: boolean('extended').notNull().default(false),
    /** The balancer's id of the request that extended it. */
    extendedBy: text('extended_by'),
    /** How much longer the hold lasts because the payment provider was away; bounded. */
    outageSeconds: integer('outage_seconds').notNull().default(0),
    paidAt: at('paid_at'),
    failure: text('failure'),
    version: integer('version').notNull().default(1),
    createdAt: created(),
  },
  (t) => [
    index('orders_by_sale').on(t.saleId, t.state, t.id),
    index('orders_unpaid').on(t.payBefore).where(sql`state = 'awaiting_payment'`),
    check(
      'orders_state',
      sql`state in ('awaiting_payment', 'paid', 'expired', 'cancelled', 'refunded')`,
    ),
  ],
);

export const orderLines = pgTable(
  'order_lines',
  {
    orderId: text('order_id').notNull(),
    productId: text('product_id').notNull(),
    quantity: integer('quantity').notNull(),
    unitPriceMinor: bigint('unit_price_minor', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.orderId, t.productId] })],
);

/** Which units an order has or had; at most one live order has a unit. */
export const orderUnits = pgTable(
  'order_units',
  {
    orderId: text('order_id').notNull(),
    unitId: text('unit_id').notNull(),
    productId: text('product_id').notNull(),
    live: boolean('live').notNull().default(true),
  },
  (t) => [
    primaryKey({ columns: [t.orderId, t.unitId] }),
    uniqueIndex('order_units_live').on(t.unitId).where(sql`live`),
  ],
);

/**
 * `late`: the money came after the order had ended, and it is not decided what becomes of it.
 * `withdrawing`: the order has ended, and the provider is to end the payment before anybody pays it.
 */
export type PaymentState =
  | 'processing'
  | 'withdrawing'
  | 'succeeded'
  | 'failed'
  | 'late'
  | 'refunding'
  | 'refunded';

/** Attempts to pay an order. Owner: the checkout. */
export const payments = pgTable(
  'payments',
  {
    id: text('id').primaryKey(),
    orderId: text('order_id').notNull(),
    saleId: text('sale_id').notNull(),
    provider: text('provider').notNull(),
    /** The provider's own id of the payment, once known. */
    reference: text('reference'),
    state: text('state').$type<PaymentState>().notNull().default('processing'),
    amountMinor: bigint('amount_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** The balancer's id of the request that began it. */
    balancerRequest: text('balancer_request'),
    failure: text('failure'),
    /** How often giving the money back failed for good: the next attempt is another request. */
    refundAttempt: integer('refund_attempt').notNull().default(0),
    /** How often the provider was asked to refund or to withdraw it: the pauses grow with it. */
    tries: integer('tries').notNull().default(0),
    createdAt: created(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (t) => [
    index('payments_by_order').on(t.orderId),
    uniqueIndex('payments_reference').on(t.provider, t.reference),
    index('payments_due')
      .on(t.state, t.updatedAt)
      .where(sql`state in ('withdrawing', 'late', 'refunding')`),
    // Those that the provider is asked about (payment-due.ts). `coalesce`: for that question alone;
    // before Postgres has counted, others would read all of it to find the payments of one order.
    index('payments_silent')
      .on(t.updatedAt)
      .where(sql`coalesce(state = 'processing'
        or (state = 'failed' and failure = 'provider unavailable' and reference is null), false)`),
  ],
);

/** Webhook events that were taken, so that one that comes twice has one effect. */
export const providerEvents = pgTable(
  'provider_events',
  {
    provider: text('provider').notNull(),
    eventId: text('event_id').notNull(),
    createdAt: created(),
  },
  (t) => [
    primaryKey({ columns: [t.provider, t.eventId] }),
    index('provider_events_by_age').on(t.createdAt),
  ],
);
