import type { Endpoint } from './endpoint.ts';
import * as input from './schemas.ts';
import * as view from './views.ts';

export const orderEndpoints = {
  list: {
    method: 'GET',
    path: '/v1/orders',
    role: 'viewer',
    summary: 'Orders, newest first',
    query: input.orderListSchema,
    status: 200,
    answer: view.listOf(view.orderView),
  },
  get: {
    method: 'GET',
    path: '/v1/orders/{id}',
    idPrefix: 'ord',
    role: 'viewer',
    summary: 'An order',
    status: 200,
    answer: view.orderView,
  },
  refund: {
    method: 'POST',
    path: '/v1/orders/{id}/refund',
    idPrefix: 'ord',
    role: 'operator',
    summary: 'Give the money of a paid order back; its units are free again',
    body: input.refundSchema,
    bodyOptional: true,
    refusals: { conflict: 'the order is not paid, or `confirm` is wrong' },
    status: 200,
    answer: view.orderView,
  },
  outcomes: {
    method: 'POST',
    path: '/v1/sales/{id}/outcomes',
    idPrefix: 'sale',
    role: 'operator',
    summary:
      'What became of purchase tokens at a checkout of the shop’s own; a result for each, in their order',
    body: input.reportedOutcomesSchema,
    refusals: { conflict: 'the sale is a draft' },
    status: 200,
    answer: view.reportedOutcomesView,
  },
  refundAll: {
    method: 'POST',
    path: '/v1/sales/{id}/refund-all',
    idPrefix: 'sale',
    role: 'admin',
    summary: 'Give the money of all paid orders of a sale back, one after the other, as jobs',
    body: input.refundSchema,
    bodyOptional: true,
    ifMatch: true,
    refusals: { conflict: 'the sale is not closed, or `confirm` is wrong' },
    status: 200,
    answer: view.refundsView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;
