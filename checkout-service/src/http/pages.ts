import { formBody } from '@fairgate/shared/http/body.ts';
import { requireOwnOrigin } from '@fairgate/shared/http/origin.ts';
import { type Context, type ErrorHandler, Hono } from 'hono';
import { pageScripts } from '../pages/scripts.ts';
import { assetRoutes } from './asset-routes.ts';
import { tokenFormSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { orderPageRoutes } from './order-pages.ts';
import { inLanguage, readable } from './page-answers.ts';
import { redeemByForm, showCheckout } from './page-forms.ts';

/** The pages that shoppers see, all of the edge's origin. */
export function pageRoutes(deps: HttpDeps, refuse: ErrorHandler): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(async (error, c) => await readable(c, await refuse(error, c)));
  const scripts = pageScripts();
  const own = { ...deps, scripts };
  const saleId = (c: Context<AppEnv>) => c.req.query('sale') ?? '';
  app.route('/', assetRoutes(scripts));
  app.get(
    '/checkout',
    inLanguage(deps, (c) => showCheckout(c, own, { saleId: saleId(c), token: '' })),
  );
  app.post('/checkout', async (c) => {
    const { token } = await formBody(c, tokenFormSchema);
    return await showCheckout(c, own, { saleId: saleId(c), token });
  });
  app.post('/checkout/redeem', async (c) => {
    requireOwnOrigin(c, deps.publicOrigins);
    return await redeemByForm(c, own);
  });
  app.route('/', orderPageRoutes(own));
  return app;
}
