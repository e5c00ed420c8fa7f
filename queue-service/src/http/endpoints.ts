import { roomSettingsPatchSchema } from '@fairgate/shared/sale.ts';
import { type SaleAction, saleActions } from '../domain/phase.ts';
import type { Endpoint } from './endpoint.ts';
import * as input from './schemas.ts';
import * as view from './views.ts';

/** The control API, call by call (CONTRACT.md section 5). */

const product = { idPrefix: 'prod', path: '/v1/products/{id}' } as const;
const sale = { idPrefix: 'sale', path: '/v1/sales/{id}' } as const;

export const productEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/products',
    role: 'operator',
    summary: 'Make a product, with its stock units',
    body: input.newProductSchema,
    status: 201,
    answer: view.productView,
  },
  list: {
    method: 'GET',
    path: '/v1/products',
    role: 'viewer',
    summary: 'Products, newest first',
    query: input.listSchema,
    status: 200,
    answer: view.listOf(view.productView),
  },
  get: {
    ...product,
    method: 'GET',
    role: 'viewer',
    summary: 'A product, with its units by state',
    status: 200,
    answer: view.productView,
  },
  patch: {
    ...product,
    method: 'PATCH',
    role: 'operator',
    summary: 'Change a product; not its currency while a sale that is not closed offers it',
    body: input.productPatchSchema,
    status: 200,
    answer: view.productView,
  },
  remove: {
    ...product,
    method: 'DELETE',
    role: 'operator',
    summary:
      'Delete a product of which nothing is held, and that no sale offers which is not closed',
    status: 204,
  },
  addStock: {
    ...product,
    path: '/v1/products/{id}/stock',
    method: 'POST',
    role: 'operator',
    summary: 'Add units, also while the sale is open',
    body: input.stockSchema,
    status: 200,
    answer: view.productView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export const saleEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/sales',
    role: 'operator',
    summary: 'Make a sale; a draft unless `publish` is true',
    body: input.newSaleSchema,
    status: 201,
    answer: view.saleView,
  },
  list: {
    method: 'GET',
    path: '/v1/sales',
    role: 'viewer',
    summary: 'Sales, newest first',
    query: input.listSchema,
    status: 200,
    answer: view.listOf(view.saleView),
  },
  get: {
    ...sale,
    method: 'GET',
    role: 'viewer',
    summary: 'A sale with its state and all its settings',
    status: 200,
    answer: view.saleView,
  },
  patch: {
    ...sale,
    method: 'PATCH',
    role: 'operator',
    summary: 'Change a sale; productIds, startsAt and mode only before its start',
    body: input.salePatchSchema,
    status: 200,
    answer: view.saleView,
  },
  remove: {
    ...sale,
    method: 'DELETE',
    role: 'operator',
    summary:
      'Delete a draft, or a closed sale of which no order awaits payment; its summary, orders and ledger stay',
    status: 204,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

const actionSummaries: Record<SaleAction, string> = {
  publish: 'Make a draft public; it opens at startsAt, or at once where that has passed',
  open: 'Open a published sale now, even before startsAt',
  pause: 'Stop admissions; nobody is let in after the answer',
  resume: 'End a pause',
  close: 'End the sale; tokens and orders live to their own deadlines',
};

export function actionEndpoint(action: SaleAction) {
  return {
    ...sale,
    method: 'POST',
    path: `/v1/sales/{id}/${action}`,
    role: 'operator',
    summary: actionSummaries[action],
    body: input.actionSchema,
    bodyOptional: true,
    status: 200,
    answer: view.saleView,
  } as const;
}

export const roomEndpoints = {
  get: {
    ...sale,
    path: '/v1/sales/{id}/room',
    method: 'GET',
    role: 'viewer',
    summary: 'Live figures of the room',
    status: 200,
    answer: view.liveRoomView,
  },
  patch: {
    ...sale,
    path: '/v1/sales/{id}/room',
    method: 'PATCH',
    role: 'operator',
    summary: 'Change any of the room settings; shoppers see it within 2 s',
    body: roomSettingsPatchSchema,
    status: 200,
    answer: view.setRoomView,
  },
  stream: {
    ...sale,
    path: '/v1/sales/{id}/stream',
    method: 'GET',
    role: 'viewer',
    summary: 'The live figures as server-sent events, each second',
    status: 200,
    alsoTypes: ['text/event-stream'],
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

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
    status: 200,
    answer: view.orderView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

const ban = { idPrefix: 'ban', path: '/v1/bans/{id}' } as const;

export const banEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/bans',
    role: 'operator',
    summary: 'Bar an address, network, visitor, country or ASN; works at the edge within 2 s',
    body: input.newBanSchema,
    status: 201,
    answer: view.banView,
  },
  list: {
    method: 'GET',
    path: '/v1/bans',
    role: 'operator',
    summary: 'Bans that hold, newest first',
    query: input.listSchema,
    status: 200,
    answer: view.listOf(view.banView),
  },
  get: {
    ...ban,
    method: 'GET',
    role: 'operator',
    summary: 'A ban that holds',
    status: 200,
    answer: view.banView,
  },
  remove: {
    ...ban,
    method: 'DELETE',
    role: 'operator',
    summary: 'Lift a ban within 2 s, and forget what an address was suspected of',
    status: 204,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export const keyEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/api-keys',
    role: 'admin',
    summary: 'Make an API key; it is shown in this answer alone',
    body: input.newKeySchema,
    status: 201,
    answer: view.newKeyView,
  },
  list: {
    method: 'GET',
    path: '/v1/api-keys',
    role: 'admin',
    summary: 'API keys, without the keys themselves',
    query: input.listSchema,
    status: 200,
    answer: view.listOf(view.keyView),
  },
  remove: {
    method: 'DELETE',
    path: '/v1/api-keys/{id}',
    idPrefix: 'key',
    role: 'admin',
    summary: 'Revoke an API key; not the last admin key',
    status: 204,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

/** All of them, for the OpenAPI document. */
export const endpoints: Endpoint<unknown, unknown>[] = [
  ...Object.values(productEndpoints),
  ...Object.values(saleEndpoints),
  ...saleActions.map(actionEndpoint),
  ...Object.values(roomEndpoints),
  ...Object.values(orderEndpoints),
  ...Object.values(banEndpoints),
  ...Object.values(keyEndpoints),
];
