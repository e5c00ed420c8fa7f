import { roomSettingsPatchSchema } from '@fairgate/shared/sale.ts';
import type { SaleAction } from '../domain/phase.ts';
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
    once: true,
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
    ifMatch: true,
    refusals: { conflict: 'its currency is that of a sale that is not closed' },
    status: 200,
    answer: view.productView,
  },
  remove: {
    ...product,
    method: 'DELETE',
    role: 'operator',
    summary:
      'Delete a product of which nothing is held, and that no sale offers which is not closed',
    ifMatch: true,
    refusals: { conflict: 'a sale that is not closed offers it, or units are held' },
    status: 204,
  },
  addStock: {
    ...product,
    path: '/v1/products/{id}/stock',
    method: 'POST',
    role: 'operator',
    summary: 'Add units, also while the sale is open',
    body: input.stockSchema,
    ifMatch: true,
    once: true,
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
    once: true,
    refusals: { conflict: 'a product is in another sale that is not closed, or it would be over' },
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
    ifMatch: true,
    refusals: { conflict: 'its state, named in `detail`, does not allow it' },
    status: 200,
    answer: view.saleView,
  },
  remove: {
    ...sale,
    method: 'DELETE',
    role: 'operator',
    summary:
      'Delete a draft, or a closed sale of which no order awaits payment; its summary, orders and ledger stay',
    ifMatch: true,
    refusals: { conflict: 'its state does not allow it, or an order awaits payment' },
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
    ifMatch: true,
    refusals: {
      conflict: 'its state, named in `detail`, does not allow it; or `confirm` is wrong',
    },
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
    ifMatch: true,
    refusals: { conflict: 'the sale is closed' },
    status: 200,
    answer: view.setRoomView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;
