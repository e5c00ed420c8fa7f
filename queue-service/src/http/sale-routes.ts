import type { Clock } from '@fairgate/shared/clock.ts';
import { type SaleStates, stateNow } from '../app/sale-states.ts';
import type { Sales } from '../app/sales.ts';
import { saleActions } from '../domain/phase.ts';
import type { SaleRecord } from '../domain/records.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, serve } from './endpoint.ts';
import { actionEndpoint, saleEndpoints } from './endpoints.ts';
import { etag } from './etag.ts';
import { onePage } from './list.ts';
import { viewSale } from './views.ts';

type Parts = { sales: Sales; states: SaleStates; clock: Clock; hasTurnstile: boolean };

export function saleRoutes(
  api: Api,
  authenticate: Authenticate,
  { sales, states, clock, hasTurnstile }: Parts,
): void {
  const { create, list, get, patch, remove } = saleEndpoints;
  const view = (sale: SaleRecord) => viewSale(sale, { state: stateNow(sale, clock), hasTurnstile });
  const answer = (c: ApiContext, sale: SaleRecord, status: 200 | 201 = 200) => {
    c.header('etag', etag(sale.version));
    if (status === 201) c.header('location', `/v1/sales/${sale.id}`);
    return c.json(view(sale), status);
  };
  serve(api, authenticate, create, async ({ c, caller, body }) =>
    answer(c, await sales.create(caller, body), 201),
  );
  serve(api, authenticate, list, async ({ c, query }) =>
    c.json(await onePage('sale', query, sales.page, view)),
  );
  serve(api, authenticate, get, async ({ c, id }) => answer(c, await sales.get(id)));
  serve(api, authenticate, patch, async ({ c, caller, id, body, expected }) =>
    answer(c, await sales.patch(caller, id, body, expected)),
  );
  serve(api, authenticate, remove, async ({ c, caller, id, expected }) => {
    await sales.remove(caller, id, expected);
    return c.body(null, 204);
  });
  for (const action of saleActions) {
    serve(api, authenticate, actionEndpoint(action), async ({ c, caller, id, body, expected }) =>
      answer(c, await states.act(caller, id, action, { expected, confirm: body.confirm })),
    );
  }
}
