import type { RoomSettingsPatch, SaleMode } from '@fairgate/shared/sale.ts';
import { z } from 'zod';
import {
  adminSaleShape,
  apiKeyShape,
  figuresShape,
  orderPageShape,
  productShape,
  type RoomFiguresAnswer,
  type SummaryAnswer,
  summaryShape,
} from './admin-shapes.ts';
import { type Answer, answered, type CallOptions, call } from './http.ts';
import type { OrderAnswer } from './shapes.ts';

export type ProductWish = {
  name: string;
  priceMinor: number;
  currency: string;
  stock: number;
  description?: string;
};

export type SaleWish = {
  name: string;
  productIds: string[];
  startsAt: string;
  endsAt?: string;
  mode?: SaleMode;
  publish?: boolean;
  room?: RoomSettingsPatch;
};

export type SaleVerb = 'publish' | 'open' | 'pause' | 'resume' | 'close';

/** An admin's calls. Each throws unless it is answered as CONTRACT.md says. */
export type ControlClient = {
  /** Any call with the admin's key, answered with whatever comes back. */
  raw(path: string, options?: CallOptions): Promise<Answer>;
  createProduct(wish: ProductWish): Promise<string>;
  addStock(productId: string, add: number): Promise<void>;
  createSale(wish: SaleWish): Promise<string>;
  /** The state that the answer shows. */
  move(saleId: string, verb: SaleVerb): Promise<string>;
  setRoom(saleId: string, patch: RoomSettingsPatch): Promise<void>;
  figures(saleId: string): Promise<RoomFiguresAnswer>;
  summary(saleId: string): Promise<SummaryAnswer>;
  summaryCsv(saleId: string): Promise<string>;
  /** All of them, over as many pages as there are. */
  orders(saleId: string): Promise<OrderAnswer[]>;
  createApiKey(name: string, role: 'viewer' | 'operator' | 'admin'): Promise<string>;
};

export function controlClient(controlUrl: string, adminKey: string): ControlClient {
  const raw = (path: string, options?: CallOptions) =>
    call(`${controlUrl}${path}`, { bearer: adminKey, ...options });
  const create = async <T>(path: string, json: unknown, shape: z.ZodType<T>) =>
    answered(await raw(path, { method: 'POST', json }), 201, shape);
  return {
    raw,
    createProduct: async (wish) => (await create('/v1/products', wish, productShape)).id,
    async addStock(productId, add) {
      const answer = await raw(`/v1/products/${productId}/stock`, {
        method: 'POST',
        json: { add },
      });
      if (answer.status !== 200 && answer.status !== 201) throw new Error(answer.text);
    },
    createSale: async (wish) => (await create('/v1/sales', wish, adminSaleShape)).id,
    async move(saleId, verb) {
      const answer = await raw(`/v1/sales/${saleId}/${verb}`, { method: 'POST' });
      return answered(answer, 200, adminSaleShape).state;
    },
    async setRoom(saleId, patch) {
      const answer = await raw(`/v1/sales/${saleId}/room`, { method: 'PATCH', json: patch });
      answered(answer, 200, z.unknown());
    },
    figures: async (saleId) => answered(await raw(`/v1/sales/${saleId}/room`), 200, figuresShape),
    summary: async (saleId) =>
      answered(await raw(`/v1/sales/${saleId}/summary`), 200, summaryShape),
    async summaryCsv(saleId) {
      const headers = { accept: 'text/csv' };
      const answer = await raw(`/v1/sales/${saleId}/summary`, { headers });
      const type = answer.headers.get('content-type') ?? '';
      if (answer.status === 200 && type.startsWith('text/csv')) return answer.text;
      throw new Error(`the summary as CSV: ${answer.status} ${type} ${answer.text}`);
    },
    orders: (saleId) => allOrders(raw, saleId),
    createApiKey: async (name, role) => {
      return (await create('/v1/api-keys', { name, role }, apiKeyShape)).key;
    },
  };
}

async function allOrders(raw: ControlClient['raw'], saleId: string): Promise<OrderAnswer[]> {
  const orders: OrderAnswer[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await raw(`/v1/orders?saleId=${saleId}&limit=100${from}`);
    const page = answered(answer, 200, orderPageShape);
    orders.push(...page.items);
    cursor = page.nextCursor;
  }
  return orders;
}
