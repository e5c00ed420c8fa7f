import { isoTime, systemClock } from '@fairgate/shared/clock.ts';
import { formBody } from '@fairgate/shared/http/body.ts';
import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type Context, Hono } from 'hono';
import { isFinal } from '../domain/order-machine.ts';
import { orderView, type StoredOrder } from '../domain/order-view.ts';
import { lookOf } from '../pages/look.ts';
import type { Mistake } from '../pages/mistake.ts';
import { orderPage } from '../pages/order-page.ts';
import type { PayBy } from '../pages/pay-section.ts';
import { requireOrder } from './access.ts';
import { balancerRequest } from './balancer.ts';
import { payFormSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { inOrderTurn } from './order-turn.ts';
import { cancelOrder, extendOrder } from './orders.ts';
import { paymentProblem } from './outcomes.ts';
import { inLanguage, type PageDeps, sendMissing, sendPage, toldMistake } from './page-answers.ts';

/** The page of an order, and what its forms do. */
export function orderPageRoutes(deps: PageDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get(
    '/checkout/orders/:id',
    inLanguage(deps, (c) => withOrder(c, deps, async () => {})),
  );
  app.post('/checkout/orders/:id/pay', (c) => withOrder(c, deps, payByForm));
  app.post('/checkout/orders/:id/cancel', (c) =>
    withOrder(c, deps, async (_, order) => {
      await cancelOrder(deps, order);
    }),
  );
  app.post('/checkout/orders/:id/extend', (c) =>
    withOrder(c, deps, async (_, order) => {
      await extendOrder(c, deps, order);
    }),
  );
  return app;
}

type FormAction = (c: Context<AppEnv>, order: StoredOrder, deps: HttpDeps) => Promise<void>;

/** Does what a form of the order page asks for, then shows the order: by a redirect if it went. */
async function withOrder(c: Context<AppEnv>, deps: PageDeps, act: FormAction): Promise<Response> {
  const order = await ownOrder(c, deps);
  if (!order) return await sendMissing(c, 'order');
  try {
    await act(c, order, deps);
  } catch (error) {
    const mistake = toldMistake(c, error);
    return await showOrder(c, deps, (await deps.orders.find(order.id)) ?? order, mistake);
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
  deps: PageDeps,
  stored: StoredOrder,
  mistake: Mistake | null,
): Promise<Response> {
  const open = !isFinal(stored.state);
  const [sale, payment] = await Promise.all([
    deps.sales.findSale(stored.saleId),
    open ? deps.lastPayment(stored.id) : null,
  ]);
  // Stripe's may begin whenever its form is sent, and says nothing of what came of it.
  const paying = payment?.state === 'processing' && payment.provider === 'sandbox';
  const shown = orderPage(lookOf(spokenLanguage(c), sale), deps.scripts.addressOf, {
    order: orderView(stored),
    version: stored.version,
    extended: stored.extended,
    moreSeconds: Math.round((stored.firstPayBeforeMs - stored.createdAtMs) / 1_000),
    paying,
    payBy: payBy(deps, stored),
    sale,
    mistake,
    serverTime: isoTime(systemClock.now()),
    isAtHome: c.req.method === 'GET',
  });
  return await sendPage(c, shown);
}

/** Stripe's form where it is set up for these pages, or else the sandbox's. */
function payBy(deps: HttpDeps, { totalMinor, currency }: StoredOrder): PayBy {
  const names = deps.payments.providers().map(({ name }) => name);
  if (deps.stripeForm !== null && names.includes('stripe')) {
    const { publishableKey, amountOf } = deps.stripeForm;
    const amount = amountOf(totalMinor, currency);
    if (amount !== null) return { kind: 'stripe', publishableKey, amount };
  }
  if (names.includes('sandbox')) return { kind: 'sandbox' };
  return { kind: names.length > 0 ? 'shop' : 'nothing' };
}
