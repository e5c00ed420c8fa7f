import type { DueToken, SettleReport, StockCount, UsedUp } from '@fairgate/shared/room/room.ts';

/** A purchase token that was given out. `max`: units it may buy; `exp`: ms. */
export type Token = {
  jti: string;
  visitor: string;
  number: number;
  max: number;
  exp: number;
  /** Until when it would have lived, had no time been given back. */
  expFirst: number;
  fate: 'alive' | 'spent' | 'lapsed';
};

export type Order = {
  id: string;
  token: Token;
  units: number;
  state: 'awaiting' | 'paid' | 'over';
  payBefore: number;
  wasExtended: boolean;
  /** Under which key the room counts its units: its token's, or that of the promise to late money. */
  key: string;
  /** Money that came when the order was over: not decided about; with the room's promise; decided. */
  late: 'none' | 'asked' | 'promised' | 'decided';
  lateAt: number;
  isRefunded: boolean;
};

/**
 * What Postgres and the checkouts are in the simulation: stock, tokens, orders, and the outbox.
 * Whatever is checked of the room is checked against this.
 */
export type Ledger = {
  total: number;
  free: number;
  held: number;
  sold: number;
  tokens: Map<string, Token>;
  orders: Order[];
  /** Reports that were not delivered yet, and those that were, for they may come again. */
  outbox: SettleReport[];
  delivered: SettleReport[];
  lastSeq: number;
};

export function newLedger(units: number): Ledger {
  return {
    total: units,
    free: units,
    held: 0,
    sold: 0,
    tokens: new Map(),
    orders: [],
    outbox: [],
    delivered: [],
    lastSeq: 0,
  };
}

export const product = 'prod_sim';

export function stockCount({ free, held, sold }: Ledger): StockCount {
  return { productId: product, free, held, sold };
}

/** The same token may be given out again, when Redis forgot it: the later of two counts. */
export function issue(ledger: Ledger, token: Omit<Token, 'fate'>): Token {
  const known = ledger.tokens.get(token.jti);
  if (known === undefined) {
    const issued: Token = { ...token, fate: 'alive' };
    ledger.tokens.set(token.jti, issued);
    return issued;
  }
  known.max = Math.max(known.max, token.max);
  known.exp = Math.max(known.exp, token.exp);
  return known;
}

export function isSpendable(token: Token, now: number): boolean {
  return token.fate === 'alive' && now < token.exp;
}

/** Claims units for a token; as the checkout does, it takes what the token allows and no more. */
export function spend(ledger: Ledger, token: Token, quantity: number, payBefore: number): Order {
  const units = Math.min(quantity, token.max);
  token.fate = 'spent';
  ledger.free -= units;
  ledger.held += units;
  const order: Order = {
    id: `ord_${ledger.orders.length + 1}`,
    token,
    units,
    state: 'awaiting',
    payBefore,
    wasExtended: false,
    key: token.jti,
    late: 'none',
    lateAt: 0,
    isRefunded: false,
  };
  ledger.orders.push(order);
  send(ledger, order, 'spent', {});
  return order;
}

export function addStock(ledger: Ledger, units: number): void {
  ledger.total += units;
  ledger.free += units;
}

export function pay(ledger: Ledger, order: Order): void {
  order.state = 'paid';
  ledger.held -= order.units;
  ledger.sold += order.units;
  send(ledger, order, 'ended', { after: untold(ledger, order.key) });
}

/** The hold ran out, or was cancelled. */
export function giveUp(ledger: Ledger, order: Order): void {
  order.state = 'over';
  ledger.held -= order.units;
  ledger.free += order.units;
  send(ledger, order, 'ended', { returned: order.units, after: untold(ledger, order.key) });
}

export function extend(ledger: Ledger, order: Order, ms: number): void {
  order.wasExtended = true;
  order.payBefore += ms;
  send(ledger, order, 'extended', {});
}

export function refund(ledger: Ledger, order: Order): void {
  order.isRefunded = true;
  ledger.sold -= order.units;
  ledger.free += order.units;
  send(ledger, order, 'ended', { returned: order.units, after: untold(ledger, order.key) });
}

export function againKey(order: Order): string {
  return `again:${order.id}`;
}

/** Late money takes free units, if the room had promised them and they are there; or goes back. */
export function decideLate(ledger: Ledger, order: Order): 'bought' | 'back' {
  const isPromised = order.late === 'promised';
  order.late = 'decided';
  if (!isPromised) return 'back';
  order.key = againKey(order);
  if (ledger.free < order.units) {
    send(ledger, order, 'ended', { taken: 0 });
    return 'back';
  }
  order.state = 'paid';
  ledger.free -= order.units;
  ledger.sold += order.units;
  send(ledger, order, 'bought', {});
  return 'bought';
}

/** What is reported of a token that is past its time: that it lapsed, or what it bought. */
export function lapse(ledger: Ledger, due: DueToken): SettleReport[] {
  const { jti, visitor, number, promise } = due;
  const token =
    ledger.tokens.get(jti) ??
    issue(ledger, { jti, visitor, number, max: promise, exp: 0, expFirst: 0 });
  if (token.fate === 'alive') token.fate = 'lapsed';
  if (token.fate === 'lapsed') return [{ ...about(token), kind: 'lapsed', max: promise }];
  const order = ledger.orders.find((one) => one.token === token);
  if (order === undefined) return [];
  const base = { ...about(token), taken: order.units, payBefore: order.payBefore };
  const spent: SettleReport = { ...base, kind: 'spent' };
  if (order.state === 'awaiting') return [spent];
  const isSold = order.state === 'paid' && !order.isRefunded && order.key === jti;
  return [spent, { ...base, kind: 'ended', returned: isSold ? 0 : order.units }];
}

/** Whose tokens are used up, as `remember` wants them. */
export function usedUp(ledger: Ledger): UsedUp[] {
  const counts = new Map<string, number>();
  return [...ledger.tokens.values()]
    .filter((token) => token.fate !== 'alive')
    .sort((a, b) => a.number - b.number)
    .map(({ jti, visitor, number, fate }) => {
      const state = fate === 'spent' ? 'done' : 'expired';
      const ordinal = (counts.get(`${visitor} ${state}`) ?? 0) + 1;
      counts.set(`${visitor} ${state}`, ordinal);
      return { visitor, number, jti, state, ordinal };
    });
}

/** Units that late money asked for, and that nobody has decided about. */
export function lateUnits(ledger: Ledger): number {
  const asked = ledger.orders.filter(({ late }) => late === 'asked' || late === 'promised');
  return asked.reduce((sum, { units }) => sum + units, 0);
}

function about({ jti, visitor, number, max }: Token): Omit<SettleReport, 'kind'> {
  return { seq: 0, jti, visitor, number, max, taken: 0, returned: 0, payBefore: 0 };
}

function send(
  ledger: Ledger,
  order: Order,
  kind: SettleReport['kind'],
  more: Partial<SettleReport>,
): void {
  ledger.lastSeq += 1;
  const { key, units, payBefore, token } = order;
  const base = { ...about(token), jti: key, taken: units, payBefore, seq: ledger.lastSeq };
  ledger.outbox.push({ ...base, kind, ...more });
}

/** The report that the room must have heard first, where it is still in the outbox. */
function untold(ledger: Ledger, key: string): number {
  const first = ledger.outbox.filter(
    ({ jti, kind }) => jti === key && (kind === 'spent' || kind === 'bought'),
  );
  return Math.max(0, ...first.map(({ seq }) => seq));
}
