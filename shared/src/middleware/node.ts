import type { IncomingMessage, ServerResponse } from 'node:http';
import { purchaseRefusalResponse } from './refusal.ts';
import type { Purchase, PurchaseRefusal, PurchaseVerifier } from './verifier.ts';

/** Of Express and its like `originalUrl`: a router that is mounted somewhere shortens `url`. */
type NodeRequest = IncomingMessage & { originalUrl?: string };
type Next = (error?: unknown) => void;

const purchases = new WeakMap<IncomingMessage, Purchase>();

/**
 * `(request, response, next)` for Express and its like, and for plain `node:http`: calls `next` for
 * whoever shows a good purchase token (`purchaseOf(request)`); others get Fairgate's problem
 * document. The token is not spent by this: `redeemOnce` does that.
 */
export function nodePurchase(
  verify: PurchaseVerifier,
  onRefusal: (refusal: PurchaseRefusal) => void = () => {},
): (request: NodeRequest, response: ServerResponse, next: Next) => Promise<void> {
  return async (request, response, next) => {
    const [path = '/'] = (request.originalUrl ?? request.url ?? '/').split('?');
    // node joins several DPoP headers with commas, which is no proof.
    const dpop = request.headers.dpop;
    const verdict = await verify({
      method: request.method ?? 'GET',
      path,
      authorization: request.headers.authorization,
      dpop: Array.isArray(dpop) ? dpop.join(', ') : dpop,
    });
    if (verdict.kind === 'purchase') {
      purchases.set(request, verdict);
      next();
      return;
    }
    onRefusal(verdict);
    await send(response, purchaseRefusalResponse(verdict));
  };
}

/** What `nodePurchase` has found. Throws where the request did not pass it. */
export function purchaseOf(request: IncomingMessage): Purchase {
  const purchase = purchases.get(request);
  if (purchase === undefined) throw new Error('this request did not pass nodePurchase');
  return purchase;
}

async function send(response: ServerResponse, answer: Response): Promise<void> {
  const body = await answer.text();
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(body);
}
