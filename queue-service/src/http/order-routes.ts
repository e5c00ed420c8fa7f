import { Problem } from '@fairgate/shared/problem.ts';
import type { OrderCalls } from '../app/order-calls.ts';
import type { Authenticate } from './auth.ts';
import { type Api, serve } from './endpoint.ts';
import { onePage } from './list.ts';
import { orderEndpoints } from './order-endpoints.ts';

export function orderRoutes(api: Api, authenticate: Authenticate, parts: OrderCalls): void {
  const { orders, refund, outcomes, refundAll } = parts;
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
  serve(api, authenticate, orderEndpoints.outcomes, async ({ c, caller, id, body }) =>
    c.json({ id, results: await outcomes(caller, id, body.outcomes) }),
  );
  serve(api, authenticate, orderEndpoints.refundAll, async ({ c, caller, id, body, expected }) =>
    c.json({ id, orders: await refundAll(caller, id, body, expected) }),
  );
}
