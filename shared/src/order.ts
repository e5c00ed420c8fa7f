export const orderStates = [
  'awaiting_payment',
  'paid',
  'expired',
  'cancelled',
  'refunded',
] as const;
export type OrderState = (typeof orderStates)[number];

export const unitStates = ['free', 'held', 'sold'] as const;
export type UnitState = (typeof unitStates)[number];

export type OrderItem = {
  productId: string;
  quantity: number;
  unitPriceMinor: number;
  units: string[];
};

/** An order as CONTRACT.md section 4 shows it. */
export type Order = {
  id: string;
  saleId: string;
  state: OrderState;
  items: OrderItem[];
  totalMinor: number;
  currency: string;
  payBefore: string;
  createdAt: string;
  paidAt?: string;
  failure?: string;
  /** By how much `payBefore` was put off because the payment provider was away. */
  outageSeconds?: number;
};

/** By what the units of a sale are counted for the one who buys them. */
export const buyerKinds = ['visitor', 'email', 'identity'] as const;
export type BuyerKind = (typeof buyerKinds)[number];
