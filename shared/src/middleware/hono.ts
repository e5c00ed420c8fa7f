import type { MiddlewareHandler } from 'hono';
import { purchaseRefusalResponse } from './refusal.ts';
import type { Purchase, PurchaseRefusal, PurchaseVerifier } from './verifier.ts';

export type PurchaseVariables = { purchase: Purchase };

/**
 * Lets on whoever shows a good purchase token, with the purchase as `c.var.purchase`; others get
 * Fairgate's problem document. The token is not spent by this: `redeemOnce` does that.
 */
export function honoPurchase(
  verify: PurchaseVerifier,
  onRefusal: (refusal: PurchaseRefusal) => void = () => {},
): MiddlewareHandler<{ Variables: PurchaseVariables }> {
  return async (c, next) => {
    const verdict = await verify({
      method: c.req.method,
      path: c.req.path,
      authorization: c.req.header('authorization'),
      dpop: c.req.header('dpop'),
    });
    if (verdict.kind !== 'purchase') {
      onRefusal(verdict);
      return purchaseRefusalResponse(verdict);
    }
    c.set('purchase', verdict);
    return await next();
  };
}
