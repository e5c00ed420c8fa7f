import { isoTime } from '@fairgate/shared/clock.ts';
import type { Order, OrderState } from '@fairgate/shared/order.ts';

export type StoredLine = {
  productId: string;
  quantity: number;
  unitPriceMinor: number;
  units: { id: string; live: boolean }[];
};

/** An order with its lines and units, as Postgres has it. Times in ms since the epoch. */
export type StoredOrder = {
  id: string;
  saleId: string;
  jti: string;
  visitor: string;
  number: number;
  /** The number in the line: another one where `number` was drawn. */
  place: number;
  max: number;
  state: OrderState;
  totalMinor: number;
  currency: string;
  email: string | null;
  /** At a checkout of the shop's own, which reports it. */
  paidElsewhere: boolean;
  firstPayBeforeMs: number;
  payBeforeMs: number;
  extended: boolean;
  /** By how much the hold was made longer because the payment provider was away. */
  outageSeconds: number;
  createdAtMs: number;
  paidAtMs: number | null;
  failure: string | null;
  version: number;
  lines: StoredLine[];
};

/** As it is now; an order that has ended lists no units, since others may have them by now. */
export function orderView(stored: StoredOrder): Order {
  return {
    ...base(stored, (unit) => unit.live),
    state: stored.state,
    payBefore: isoTime(stored.payBeforeMs),
    ...(stored.paidAtMs === null ? {} : { paidAt: isoTime(stored.paidAtMs) }),
    ...(stored.failure === null ? {} : { failure: stored.failure }),
    ...(stored.outageSeconds === 0 ? {} : { outageSeconds: stored.outageSeconds }),
  };
}

/** As the redemption answered it: what a replay has to give again, whatever came since. */
export function placedView(stored: StoredOrder): Order {
  return {
    ...base(stored, () => true),
    state: 'awaiting_payment',
    payBefore: isoTime(stored.firstPayBeforeMs),
  };
}

/** How many units the order took. */
export function unitsTaken(stored: Pick<StoredOrder, 'lines'>): number {
  return stored.lines.reduce((sum, line) => sum + line.quantity, 0);
}

function base(stored: StoredOrder, shown: (unit: StoredLine['units'][number]) => boolean) {
  return {
    id: stored.id,
    saleId: stored.saleId,
    items: stored.lines.map((line) => ({
      productId: line.productId,
      quantity: line.quantity,
      unitPriceMinor: line.unitPriceMinor,
      units: line.units.filter(shown).map((unit) => unit.id),
    })),
    totalMinor: stored.totalMinor,
    currency: stored.currency,
    createdAt: isoTime(stored.createdAtMs),
  };
}
