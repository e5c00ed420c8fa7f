import { orderStates } from '@fairgate/shared/order.ts';

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const whole = { type: 'integer' };

/** What answers look like. */
export const schemas = {
  Order: {
    type: 'object',
    required: [
      'id',
      'saleId',
      'state',
      'items',
      'totalMinor',
      'currency',
      'payBefore',
      'createdAt',
    ],
    properties: {
      id: text,
      saleId: text,
      state: { enum: orderStates },
      items: {
        type: 'array',
        items: {
          type: 'object',
          required: ['productId', 'quantity', 'unitPriceMinor', 'units'],
          properties: {
            productId: text,
            quantity: whole,
            unitPriceMinor: whole,
            units: { type: 'array', items: text },
          },
        },
      },
      totalMinor: whole,
      currency: text,
      payBefore: time,
      createdAt: time,
      paidAt: time,
      failure: text,
      outageSeconds: {
        ...whole,
        description: 'By how much `payBefore` was put off because the payment provider was away.',
      },
    },
  },
  Problem: {
    type: 'object',
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: text,
      title: text,
      status: whole,
      detail: text,
      errors: {
        type: 'array',
        items: { type: 'object', properties: { path: text, message: text } },
      },
    },
  },
};

/** Who may ask. */
export const securitySchemes = {
  boundPurchaseToken: {
    type: 'http',
    scheme: 'dpop',
    bearerFormat: 'JWT (purchase+jwt, EdDSA) with cnf.jkt',
  },
  purchaseToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (purchase+jwt, EdDSA)' },
  orderKey: { type: 'http', scheme: 'bearer' },
  internalKey: { type: 'http', scheme: 'bearer' },
  orderCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'fg_order_{id}',
    description: 'On https `__Host-fg_order_{id}`.',
  },
};
