import { formBody } from '@fairgate/shared/http/body.ts';
import { requireOwnOrigin } from '@fairgate/shared/http/origin.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type Context, Hono } from 'hono';
import { isFinal } from '../domain/order-machine.ts';
import { orderView, type StoredOrder } from '../domain/order-view.ts';
import { pageAssets } from '../pages/assets.ts';
import { messagePage } from '../pages/layout.ts';
import { orderPage } from '../pages/order-page.ts';
import { requireOrder } from './access.ts';
import { balancerRequest } from './balancer.ts';
import { payFormSchema, tokenFormSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { inOrderTurn } from './order-turn.ts';
import { cancelOrder, extendOrder } from './orders.ts';
import { paymentProblem } from './outcomes.ts';
import { redeemByForm, showCheckout, toldMistake } from './page-forms.ts';

/**
 * Nothing from elsewhere, no framing. `same-origin` as the referrer policy: with `no-referrer`
 * browsers send forms with `Origin: null`, which is not ours.
 */
const pageHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** The pages that shoppers see, all of the edge's origin. */
export function pageRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const assets = pageAssets();
  app.get('/checkout/assets/:name', (c) => {
    const asset = assets.get(c.req.param('name'));
    if (!asset) throw new Problem('not-found', 'There is no such file.');
    const headers = { etag: asset.etag, 'cache-control': 'public, max-age=300' };
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304, headers);
    return c.body(asset.text, 200, { ...headers, 'content-type': asset.contentType });
  });
  const page = (run: (c: Context<AppEnv>) => Promise<Response>) => async (c: Context<AppEnv>) => {
    for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
    return await run(c);
  };
  app.get(
    '/checkout',
    page((c) => showCheckout(c, deps, { saleId: c.req.query('sale') ?? '', token: '' })),
  );
  app.post(
    '/checkout',
    page(async (c) => {
      const { token } = await formBody(c, tokenFormSchema);
      return await showCheckout(c, deps, { saleId: c.req.query('sale') ?? '', token });
    }),
  );
  app.post(
    '/checkout/redeem',
    page(async (c) => {
      requireOwnOrigin(c, deps.publicOrigins);
      return await redeemByForm(c, deps);
    }),
  );
  app.get(
    '/checkout/orders/:id',
    page((c) => withOrder(c, deps, async () => {})),
  );
  app.post(
    '/checkout/orders/:id/pay',
    page((c) => withOrder(c, deps, payByForm)),
  );
  app.post(
    '/checkout/orders/:id/cancel',
    page((c) =>
      withOrder(c, deps, async (_, order) => {
        await cancelOrder(deps, order);
      }),
    ),
  );
  app.post(
    '/checkout/orders/:id/extend',
    page((c) =>
      withOrder(c, deps, async (_, order) => {
        await extendOrder(c, deps, order);
      }),
    ),
  );
  return app;
}

type FormAction = (c: Context<AppEnv>, order: StoredOrder, deps: HttpDeps) => Promise<void>;

/** Does what a form of the order page asks for, then shows the order: by a redirect if it went. */
async function withOrder(c: Context<AppEnv>, deps: HttpDeps, act: FormAction): Promise<Response> {
  const order = await ownOrder(c, deps);
  if (!order) {
    const text = 'Open it in the browser in which it was made.';
    return c.html(
      messagePage('This order cannot be shown', text, { href: '/', label: 'All sales' }),
      404,
    );
  }
  try {
    await act(c, order, deps);
  } catch (error) {
    const text = toldMistake(c, error);
    return await showOrder(c, deps, (await deps.orders.find(order.id)) ?? order, text);
  }
  if (c.req.method === 'POST') return c.redirect(`/checkout/orders/${order.id}`, 303);
  return await showOrder(c, deps, order, null);
}

async function ownOrder(c: Context<AppEnv>, deps: HttpDeps): Promise<StoredOrder | null> {
  try {
    return await requireOrder(c, deps);
  } catch (error) {
    const hidden = error instanceof Problem && ['unauthorized', 'not-found'].includes(error.slug);
    if (hidden) return null;
    throw error;
  }
}

const payByForm: FormAction = async (c, order, deps) => {
  const { card } = await formBody(c, payFormSchema);
  const wish = { card, balancerRequest: balancerRequest(c) };
  const outcome = await inOrderTurn(deps, order.id, () =>
    deps.payments.pay(order.id, 'sandbox', wish),
  );
  if (outcome.kind !== 'begun') throw paymentProblem(outcome);
};

async function showOrder(
  c: Context<AppEnv>,
  deps: HttpDeps,
  order: StoredOrder,
  mistake: string | null,
): Promise<Response> {
  const open = !isFinal(order.state);
  const [sale, payment] = await Promise.all([
    deps.sales.findSale(order.saleId),
    open ? deps.lastPayment(order.id) : null,
  ]);
  // One of the shop's own pages may begin whenever it is opened, and says nothing of the shopper.
  const paying = payment?.state === 'processing' && payment.provider === 'sandbox';
  const { version, extended } = order;
  const names = deps.payments.providers().map(({ name }) => name);
  const payBy = names.includes('sandbox') ? 'sandbox' : names.length > 0 ? 'shop' : 'nothing';
  const state = {
    order: orderView(order),
    version,
    extended,
    paying,
    payBy,
    sale,
    mistake,
  } as const;
  return c.html(orderPage(state));
}
