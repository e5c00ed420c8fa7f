import { randomBytes } from 'node:crypto';
import { isoTime, systemClock } from '@fairgate/shared/clock.ts';
import { formBody, parseInput } from '@fairgate/shared/http/body.ts';
import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { isId } from '@fairgate/shared/ids.ts';
import type { Context } from 'hono';
import { z } from 'zod';
import type { RedeemOutcome } from '../app/redeem.ts';
import { redemptionRequest } from '../domain/redemption.ts';
import { limits } from '../limits.ts';
import { checkoutPage } from '../pages/checkout-page.ts';
import { lookOf } from '../pages/look.ts';
import type { Mistake } from '../pages/mistake.ts';
import { balancerRequest } from './balancer.ts';
import { redeemFormSchema, redemptionSchema } from './bodies.ts';
import { languageWanted } from './language.ts';
import { setOrderCookie } from './order-cookie.ts';
import { redemptionProblem } from './outcomes.ts';
import {
  answerAs,
  mistakeOfProblem,
  type PageDeps,
  sendMissing,
  sendPage,
  toldMistake,
} from './page-answers.ts';

const claimsSchema = z.object({
  exp: z.number(),
  max: z.int().min(1).max(limits.quantityAskedMax),
});

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

const freshKey = () => randomBytes(18).toString('base64url');
const formChanged: Mistake = { key: 'checkout.formWrong', values: {}, field: null };

type Chosen = { productId: string; quantity: number; email: string };

/** The checkout page of a sale, with the token where a form brought it. */
export async function showCheckout(
  c: Context,
  deps: PageDeps,
  given: { saleId: string; token: string; key?: string; mistake?: Mistake; chosen?: Chosen },
): Promise<Response> {
  const sale = isId('sale', given.saleId) ? await deps.sales.findSale(given.saleId) : null;
  if (!sale) return await sendMissing(c, 'sale');
  const { token, mistake = null, chosen = null } = given;
  const key = given.key ?? freshKey();
  const hints = tokenHints(token);
  const serverTime = isoTime(systemClock.now());
  const script = deps.scripts.addressOf('checkout');
  const state = { sale, token, hints, key, mistake, chosen, serverTime };
  return await sendPage(c, checkoutPage(lookOf(spokenLanguage(c), sale), script, state));
}

/** `POST /checkout/redeem`: the same redemption as the API's, for browsers without a script. */
export async function redeemByForm(c: Context, deps: PageDeps): Promise<Response> {
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
      setOrderCookie(c, deps.publicOrigins[0] ?? '', order, deps.orderKeys.keyOf(order.id));
      if (outcome.kind === 'created') deps.changed('place', order.saleId);
      return c.redirect(`/checkout/orders/${order.id}`, 303);
    }
    case 'already-redeemed':
      return c.redirect(`/checkout/orders/${outcome.orderId}`, 303);
    case 'key-reused':
      // The shopper came back and changed the form: a new key tells the two wishes apart.
      return await showCheckout(c, deps, { ...again, key: freshKey(), mistake: formChanged });
    default: {
      const problem = redemptionProblem(outcome);
      answerAs(c, problem);
      return await showCheckout(c, deps, { ...again, mistake: mistakeOfProblem(problem) });
    }
  }
}
