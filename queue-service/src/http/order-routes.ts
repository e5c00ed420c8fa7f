import { Problem } from '@fairgate/shared/problem.ts';
import type { OrderRows } from '../app/ports.ts';
import type { RefundOrder } from '../app/refunds.ts';
import type { Authenticate } from './auth.ts';
import { type Api, serve } from './endpoint.ts';
import { orderEndpoints } from './endpoints.ts';
import { onePage } from './list.ts';

type Parts = { orders: OrderRows; refund: RefundOrder };

export function orderRoutes(api: Api, authenticate: Authenticate, { orders, refund }: Parts): void {
  serve(api, authenticate, orderEndpoints.list, async ({ c, query }) =>
    c.json(await onePage('ord', query, orders.page, (order) => order)),
  );
  serve(api, authenticate, orderEndpoints.get, async ({ c, id }) => {
    const order = await orders.find(id);
    if (order === null) throw new Problem('not-found', 'There is no such order.');
    return c.json(order);
  });
  serve(api, authenticate, orderEndpoints.refund, async ({ c, caller, id, body }) =>
    c.json(await refund(caller, id, body)),
  );
}
