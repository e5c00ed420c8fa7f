import { randomBytes } from 'node:crypto';
import { isoTime, systemClock } from '@fairgate/shared/clock.ts';
import { formBody, parseInput } from '@fairgate/shared/http/body.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { Problem, problems, retryAfterSecondsDefault } from '@fairgate/shared/problem.ts';
import type { Context } from 'hono';
import { z } from 'zod';
import type { RedeemOutcome } from '../app/redeem.ts';
import { redemptionRequest } from '../domain/redemption.ts';
import { checkoutPage } from '../pages/checkout-page.ts';
import { messagePage } from '../pages/layout.ts';
import { balancerRequest } from './balancer.ts';
import { redeemFormSchema, redemptionSchema } from './bodies.ts';
import type { HttpDeps } from './deps.ts';
import { languageWanted } from './language.ts';
import { setOrderCookie } from './order-cookie.ts';
import { redemptionProblem } from './outcomes.ts';

const claimsSchema = z.object({ exp: z.number(), max: z.number() });

/** What a token says of itself, for showing alone: nothing is checked here. */
function tokenHints(token: string): { expiresAt: string | null; max: number | null } {
  try {
    const json = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { exp, max } = claimsSchema.parse(JSON.parse(json));
    return { expiresAt: isoTime(exp * 1_000), max };
  } catch {
    return { expiresAt: null, max: null };
  }
}

type Chosen = { productId: string; quantity: number; email: string };

/** The checkout page of a sale, with the token where a form brought it. */
export async function showCheckout(
  c: Context,
  deps: HttpDeps,
  given: { saleId: string; token: string; key?: string; mistake?: string; chosen?: Chosen },
): Promise<Response> {
  const sale = isId('sale', given.saleId) ? await deps.sales.findSale(given.saleId) : null;
  if (!sale) {
    const text = 'There is no such sale, or it is not public.';
    return c.html(messagePage('Not found', text, { href: '/', label: 'All sales' }), 404);
  }
  const { token, mistake = null, chosen = null } = given;
  const key = given.key ?? randomBytes(18).toString('base64url');
  const hints = tokenHints(token);
  const serverTime = isoTime(systemClock.now());
  return c.html(checkoutPage({ sale, token, hints, key, mistake, chosen, serverTime }));
}

/** `POST /checkout/redeem`: the same redemption as the API's, for browsers without a script. */
export async function redeemByForm(c: Context, deps: HttpDeps): Promise<Response> {
  const form = await formBody(c, redeemFormSchema);
  const email = form.email === undefined || form.email === '' ? undefined : form.email;
  const chosen = { productId: form.productId, quantity: form.quantity, email: email ?? '' };
  const again = { saleId: form.sale, token: form.token, key: form.key, chosen };
  let outcome: RedeemOutcome;
  try {
    outcome = await deps.redeem({
      token: form.token,
      // A form brings no proof: a bound token is redeemed by the page's script.
      shown: { scheme: 'bearer' },
      balancerRequest: balancerRequest(c),
      read: async () => {
        const { productId, quantity } = form;
        const input = { items: [{ productId, quantity }], ...(email ? { email } : {}) };
        const body = parseInput(redemptionSchema, input);
        return {
          request: redemptionRequest(body.items, {
            email: body.email,
            language: languageWanted(c),
          }),
          idempotencyKey: form.key,
        };
      },
      signal: c.req.raw.signal,
    });
  } catch (error) {
    return await showCheckout(c, deps, { ...again, mistake: toldMistake(c, error) });
  }
  switch (outcome.kind) {
    case 'created':
    case 'replayed': {
      const { order } = outcome;
      setOrderCookie(c, deps.publicOrigins[0] ?? '', order.id, deps.orderKeys.keyOf(order.id));
      if (outcome.kind === 'created') deps.changed('place', order.saleId);
      return c.redirect(`/checkout/orders/${order.id}`, 303);
    }
    case 'already-redeemed':
      return c.redirect(`/checkout/orders/${outcome.orderId}`, 303);
    case 'key-reused':
      // The shopper came back and changed the form: a new key tells the two wishes apart.
      return await showCheckout(c, deps, { ...again, key: randomBytes(18).toString('base64url') });
    default: {
      const problem = redemptionProblem(outcome);
      answerAs(c, problem);
      return await showCheckout(c, deps, { ...again, mistake: problem.details.detail });
    }
  }
}

/** The page says what is wrong, and its status and headers do too (CONTRACT.md section 1). */
function answerAs(c: Context, { slug, details }: Problem): void {
  const { status } = problems[slug];
  c.status(status);
  if (status === 429 || status === 503) {
    c.header('retry-after', String(details.retryAfterSeconds ?? retryAfterSecondsDefault));
  }
}

/** What went wrong, in words for the page; what is no refusal of ours goes on its way. */
export function toldMistake(c: Context, error: unknown): string {
  if (!(error instanceof Problem)) throw error;
  const { slug, details } = error;
  const text = details.errors?.map((e) => `${e.path}: ${e.message}`).join(', ') ?? details.detail;
  switch (slug) {
    case 'invalid-request':
    case 'payment-declined':
    case 'conflict':
    case 'order-expired':
    case 'payment-unavailable':
    case 'unavailable':
      answerAs(c, error);
      return text;
    default:
      throw error;
  }
}
