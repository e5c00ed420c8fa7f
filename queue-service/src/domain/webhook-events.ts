import { isoTime } from '@fairgate/shared/clock.ts';
import type { Order, OrderState } from '@fairgate/shared/order.ts';
import type { SaleMode } from '@fairgate/shared/sale.ts';

/** What shops are told of (docs/webhooks.md). */
export const webhookTypes = [
  'order.placed',
  'order.paid',
  'order.payment_failed',
  'order.expired',
  'order.cancelled',
  'order.refunded',
  'payment.refunded',
  'place.soon',
  'place.admitted',
  'place.sold_out',
  'sale.opened',
  'sale.sold_out',
  'sale.available',
  'sale.closed',
] as const;
export type WebhookType = (typeof webhookTypes)[number];

/** Sent on demand, to one endpoint, whatever types it asked for. */
export const testType = 'webhook.test';

/** An order as it is shown to admins, without anybody's address. */
export type ToldOrder = Order & { number: number };

/** `failure` where the payment came to nothing. Money in minor units. */
export type ToldPayment = { id: string; amountMinor: number; failure?: string };

/** Times in ISO 8601. */
export type ToldSale = {
  id: string;
  name: string;
  mode: SaleMode;
  currency: string;
  productIds: string[];
  startsAt: string;
  endsAt: string | null;
};

export type ToldPlace = { saleId: string; number: number; lane: 'main' | 'priority' };

export type ToldData = {
  'order.placed': { order: ToldOrder };
  'order.paid': { order: ToldOrder };
  'order.payment_failed': { order: ToldOrder; payment: ToldPayment };
  'order.expired': { order: ToldOrder };
  'order.cancelled': { order: ToldOrder };
  'order.refunded': { order: ToldOrder };
  'payment.refunded': { order: ToldOrder; payment: ToldPayment };
  'place.soon': { place: ToldPlace };
  'place.admitted': { place: ToldPlace };
  'place.sold_out': { place: ToldPlace };
  'sale.opened': { sale: ToldSale };
  'sale.sold_out': { sale: ToldSale };
  'sale.available': { sale: ToldSale };
  'sale.closed': { sale: ToldSale };
  [testType]: { webhookId: string };
};

/** One thing that happened; `at` in ms. `key` names it, so that it is told once. */
export type ShopEvent = {
  [T in keyof ToldData]: {
    type: T;
    key: string;
    at: number;
    saleId: string | null;
    data: ToldData[T];
    /** Of the ledger, where that tells of it: endpoints that were made later hear nothing of it. */
    line?: number;
  };
}[keyof ToldData];

/** The body as it is sent: `{type, timestamp, data}` (Standard Webhooks, "Payload structure"). */
export function eventBody({ type, at, data }: ShopEvent): string {
  return JSON.stringify({ type, timestamp: isoTime(at), data });
}

/** What the ledger calls it, and what shops do. */
export const typesByAction: Readonly<Record<string, WebhookType>> = {
  'order.placed': 'order.placed',
  'order.paid': 'order.paid',
  'payment.declined': 'order.payment_failed',
  'order.expired': 'order.expired',
  'order.cancelled': 'order.cancelled',
  'order.refunded': 'order.refunded',
  'payment.refunded': 'payment.refunded',
  'sale.opened': 'sale.opened',
  'sale.sold_out': 'sale.sold_out',
  'sale.available': 'sale.available',
  'sale.closed': 'sale.closed',
};

/** The state that an order has by an event; null: the event does not change it. */
const statesByType: Partial<Record<WebhookType, OrderState>> = {
  'order.placed': 'awaiting_payment',
  'order.paid': 'paid',
  'order.expired': 'expired',
  'order.cancelled': 'cancelled',
  'order.refunded': 'refunded',
};

/** A line of the ledger with what it is about, as both stand when it is read. `at` in ms. */
export type LedgerLine = {
  id: number;
  at: number;
  action: string;
  unitIds: string[];
  detail: Record<string, unknown>;
  order: (ToldOrder & { unitsOf: Record<string, string> }) | null;
  sale: ToldSale | null;
};

/**
 * The event of a line of the ledger, or null where shops are told nothing of it. An order is told as
 * it was by then: what became of it since is an event of its own.
 */
export function eventOf(line: LedgerLine): ShopEvent | null {
  const type = typesByAction[line.action];
  if (type === undefined) return null;
  const { at, detail } = line;
  const saleId = line.order?.saleId ?? line.sale?.id ?? null;
  const common = { key: `ledger:${line.id}`, at, saleId, line: line.id };
  switch (type) {
    case 'order.placed':
    case 'order.paid':
    case 'order.expired':
    case 'order.cancelled':
    case 'order.refunded': {
      if (line.order === null) return null;
      return { ...common, type, data: { order: orderBy(line, line.order, type) } };
    }
    case 'order.payment_failed':
    case 'payment.refunded': {
      const payment = paymentOf(detail);
      if (line.order === null || payment === null) return null;
      const { unitsOf: _, ...order } = line.order;
      return { ...common, type, data: { order, payment } };
    }
    case 'sale.opened':
    case 'sale.sold_out':
    case 'sale.available':
    case 'sale.closed':
      return line.sale === null ? null : { ...common, type, data: { sale: line.sale } };
    // Of these the ledger tells nothing.
    case 'place.soon':
    case 'place.admitted':
    case 'place.sold_out':
      return null;
  }
}

/** Units as the line names them: those of an order that has ended may be somebody else's by now. */
function orderBy(line: LedgerLine, stored: NonNullable<LedgerLine['order']>, type: WebhookType) {
  const { unitsOf, paidAt, failure: _, ...rest } = stored;
  const state = statesByType[type] ?? stored.state;
  const hasUnits = state === 'awaiting_payment' || state === 'paid';
  const items = stored.items.map((item) => ({
    ...item,
    units: hasUnits ? line.unitIds.filter((id) => unitsOf[id] === item.productId) : [],
  }));
  const firstPayBefore = type === 'order.placed' ? line.detail.payBefore : undefined;
  const payBefore = typeof firstPayBefore === 'string' ? firstPayBefore : stored.payBefore;
  const wasPaid = state === 'paid' ? isoTime(line.at) : state === 'refunded' ? paidAt : undefined;
  const order: ToldOrder = {
    ...rest,
    state,
    items,
    payBefore: isoTime(Date.parse(payBefore)),
    ...(wasPaid === undefined ? {} : { paidAt: wasPaid }),
  };
  return order;
}

function paymentOf(detail: Record<string, unknown>): ToldPayment | null {
  const { paymentId, amountMinor, failure } = detail;
  if (typeof paymentId !== 'string' || typeof amountMinor !== 'number') return null;
  const told = { id: paymentId, amountMinor };
  return typeof failure === 'string' ? { ...told, failure } : told;
}
