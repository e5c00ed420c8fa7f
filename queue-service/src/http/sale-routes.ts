import type { Clock } from '@fairgate/shared/clock.ts';
import type { Checks } from '../app/checks.ts';
import type { Log } from '../app/ports.ts';
import type { CopySale } from '../app/sale-copies.ts';
import { type SaleStates, stateNow } from '../app/sale-states.ts';
import type { Sales } from '../app/sales.ts';
import type { Finding } from '../domain/checks.ts';
import { publicFindings } from '../domain/checks-door.ts';
import { saleActions } from '../domain/phase.ts';
import type { SaleRecord } from '../domain/records.ts';
import type { Authenticate } from './auth.ts';
import { copyEndpoints } from './copy-endpoints.ts';
import { type Api, type ApiContext, serve } from './endpoint.ts';
import { actionEndpoint, saleEndpoints } from './endpoints.ts';
import { etag } from './etag.ts';
import { onePage } from './list.ts';
import { viewSale } from './views.ts';

type Parts = {
  sales: Sales;
  copySale: CopySale;
  states: SaleStates;
  checks: Checks;
  clock: Clock;
  hasTurnstile: boolean;
  log: Log;
};

export function saleRoutes(
  api: Api,
  authenticate: Authenticate,
  { sales, copySale, states, checks, clock, hasTurnstile, log }: Parts,
): void {
  const { create, list, get, patch, remove } = saleEndpoints;
  const known = (sale: SaleRecord) => publicFindings({ sale, hasTurnstile });
  const view = (sale: SaleRecord, warnings: Finding[] = known(sale)) =>
    viewSale(sale, { state: stateNow(sale, clock), warnings });
  const answer = (c: ApiContext, sale: SaleRecord, warnings?: Finding[]) => {
    c.header('etag', etag(sale.version));
    return c.json(view(sale, warnings), 200);
  };
  /** After a change, which is kept whether or not it can be looked at now. */
  const found = async (sale: SaleRecord): Promise<Finding[]> => {
    return await checks.findings(sale).catch((error: unknown) => {
      log.warn({ saleId: sale.id, err: error }, 'a changed sale could not be checked');
      return known(sale);
    });
  };
  const made = async (c: ApiContext, sale: SaleRecord) => {
    c.header('etag', etag(sale.version));
    c.header('location', `/v1/sales/${sale.id}`);
    return c.json(view(sale, await found(sale)), 201);
  };
  serve(api, authenticate, create, async ({ c, caller, body }) =>
    made(c, await sales.create(caller, body)),
  );
  serve(api, authenticate, copyEndpoints.copy, async ({ c, caller, id, body, expected }) =>
    made(c, await copySale(caller, id, body, expected)),
  );
  serve(api, authenticate, list, async ({ c, query }) =>
    c.json(await onePage('sale', query, sales.page, (sale) => view(sale))),
  );
  serve(api, authenticate, get, async ({ c, id }) => answer(c, await sales.get(id)));
  serve(api, authenticate, patch, async ({ c, caller, id, body, expected }) => {
    const sale = await sales.patch(caller, id, body, expected);
    return answer(c, sale, await found(sale));
  });
  serve(api, authenticate, remove, async ({ c, caller, id, expected }) => {
    await sales.remove(caller, id, expected);
    return c.body(null, 204);
  });
  for (const action of saleActions) {
    serve(api, authenticate, actionEndpoint(action), async ({ c, caller, id, body, expected }) => {
      const sale = await states.act(caller, id, action, { expected, confirm: body.confirm });
      return answer(c, sale, action === 'publish' ? await found(sale) : undefined);
    });
  }
}
