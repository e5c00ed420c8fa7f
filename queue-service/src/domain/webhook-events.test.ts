import { describe, expect, it } from 'vitest';
import {
  eventBody,
  eventOf,
  type LedgerLine,
  typesByAction,
  webhookTypes,
} from './webhook-events.ts';

const at = Date.parse('2030-06-01T12:00:00.123Z');
const order: NonNullable<LedgerLine['order']> = {
  id: 'ord_1',
  saleId: 'sale_1',
  number: 7,
  // It has been refunded by the time that any of its lines is read.
  state: 'refunded',
  items: [
    { productId: 'prod_1', quantity: 2, unitPriceMinor: 500, units: [] },
    { productId: 'prod_2', quantity: 1, unitPriceMinor: 900, units: [] },
  ],
  unitsOf: { unit_1: 'prod_1', unit_2: 'prod_1', unit_3: 'prod_2', unit_old: 'prod_2' },
  totalMinor: 1_900,
  currency: 'EUR',
  payBefore: '2030-06-01T12:10:00.000Z',
  createdAt: '2030-06-01T11:59:00.000Z',
  paidAt: '2030-06-01T12:00:00.123Z',
};
const line: LedgerLine = {
  id: 5,
  at,
  action: 'order.paid',
  unitIds: ['unit_1', 'unit_2', 'unit_3'],
  detail: {},
  order,
  sale: null,
};
const dataOf = (changes: Partial<LedgerLine>) => eventOf({ ...line, ...changes })?.data;

describe('an order is told as it was at its line', () => {
  it('placed: unpaid, with its units, and the first time to pay', () => {
    const detail = { payBefore: '2030-06-01T12:05:00+00:00' };
    const data = dataOf({ action: 'order.placed', detail });
    expect(data).toMatchObject({
      order: {
        state: 'awaiting_payment',
        payBefore: '2030-06-01T12:05:00.000Z',
        items: [{ units: ['unit_1', 'unit_2'] }, { units: ['unit_3'] }],
      },
    });
    expect(data).not.toHaveProperty('order.paidAt');
  });

  it('paid: by then, with the units of that line, and no other one', () => {
    expect(dataOf({})).toMatchObject({
      order: {
        state: 'paid',
        paidAt: '2030-06-01T12:00:00.123Z',
        items: [{ units: ['unit_1', 'unit_2'] }, { units: ['unit_3'] }],
      },
    });
  });

  it.each([
    ['order.expired', 'expired'],
    ['order.cancelled', 'cancelled'],
    ['order.refunded', 'refunded'],
  ])('%s: without units, which may be others’ by now', (action, state) => {
    const items = [
      { quantity: 2, units: [] },
      { quantity: 1, units: [] },
    ];
    expect(dataOf({ action })).toMatchObject({ order: { state, items } });
  });
});

it('a payment is told with its id and sum, and why it came to nothing', () => {
  const detail = { paymentId: 'pay_1', amountMinor: 1_900, failure: 'declined' };
  const event = eventOf({ ...line, action: 'payment.declined', detail });
  expect(event).toMatchObject({
    type: 'order.payment_failed',
    data: { payment: { id: 'pay_1', amountMinor: 1_900, failure: 'declined' } },
  });
  expect(event).not.toHaveProperty('data.order.unitsOf');
});

it('nothing is told of other lines, nor of what is not there any more', () => {
  expect(eventOf({ ...line, action: 'order.extended' })).toBeNull();
  expect(eventOf({ ...line, order: null })).toBeNull();
  expect(eventOf({ ...line, action: 'sale.opened', order: null })).toBeNull();
  expect(eventOf({ ...line, action: 'payment.refunded', detail: {} })).toBeNull();
});

it('the body is type, timestamp and data', () => {
  const event = eventOf(line);
  expect(event && JSON.parse(eventBody(event))).toEqual({
    type: 'order.paid',
    timestamp: '2030-06-01T12:00:00.123Z',
    data: event?.data,
  });
});

it('every type but those of places is told by a line of the ledger', () => {
  const told = new Set(Object.values(typesByAction));
  const others = webhookTypes.filter((type) => !told.has(type));
  expect(others).toEqual(['place.soon', 'place.admitted', 'place.sold_out']);
});
