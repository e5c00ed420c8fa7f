import { makeProof, newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { cards, checkoutClient, orderInState } from '../support/checkout-client.ts';
import { type Answer, answered, type CallOptions, call } from '../support/http.ts';
import type { Secrets } from '../support/secrets.ts';
import { joinShape, type RedemptionAnswer, redemptionShape } from '../support/shapes.ts';
import { waitFor } from '../support/wait.ts';
import { type Checkouts, publicOrigin } from './checkout-processes.ts';
import type { FaultSale } from './sale.ts';

/** Requests with secrets in them, of which none may show in a refusal or a log. */
export type Walk = {
  checkouts: Checkouts;
  sale: FaultSale;
  secrets: Secrets;
  refusals: string[];
  ask: Ask;
};
export type Ask = (path: string, options?: CallOptions) => Promise<Answer>;

/** Asks these doors in turn, and notes what they refuse. */
export function asking(urls: readonly string[], refusals: string[]): Ask {
  let turn = 0;
  return async (path, options) => {
    turn += 1;
    const url = `${urls[turn % urls.length]}${path}`;
    const answer = await call(url, { method: 'POST', timeoutMs: 30_000, ...options });
    const headers = JSON.stringify([...answer.headers]);
    const [where] = path.split('?');
    if (answer.status >= 400) refusals.push(`${answer.status} ${where} ${headers} ${answer.text}`);
    return answer;
  };
}

export async function freshToken(walk: Walk, jkt?: string): Promise<string> {
  const { checkouts, sale, secrets } = walk;
  const { token } = await checkouts.token(sale.saleId, jkt === undefined ? {} : { jkt });
  return secrets.add('token', token);
}

export const oneOf = ({ productId }: FaultSale) => ({ items: [{ productId, quantity: 1 }] });

export async function order(walk: Walk): Promise<RedemptionAnswer> {
  const json = { ...oneOf(walk.sale), email: 'a@b.example' };
  const bearer = await freshToken(walk);
  const redeemed = answered(
    await walk.ask('/v1/redemptions', { bearer, json }),
    201,
    redemptionShape,
  );
  walk.secrets.add('order key', redeemed.orderKey);
  await walk.ask('/v1/redemptions', { bearer, json });
  return redeemed;
}

export const pay = ({ ask }: Walk, { order: { id }, orderKey }: RedemptionAnswer, card: string) =>
  ask(`/v1/orders/${id}/payments`, { bearer: orderKey, json: { provider: 'sandbox', card } });

export async function wellTrodden(walk: Walk): Promise<void> {
  const paid = await order(walk);
  await pay(walk, paid, cards.pays);
  await orderInState(checkoutClient(walk.checkouts.first.url), paid, 'paid');
  for (const card of [cards.declined, cards.providerFails, '4111111111111111', 'no card']) {
    await pay(walk, await order(walk), walk.secrets.add('card', card));
  }
  const left = await order(walk);
  await walk.ask(`/v1/orders/${left.order.id}/cancel`, { bearer: left.orderKey });
}

/** Requests that are wrong in every way, each with a secret in the wrong place too. */
export async function malformed(walk: Walk): Promise<void> {
  await malformedRedemptions(walk);
  const { ask, checkouts } = walk;
  const token = await freshToken(walk);
  const one = await order(walk);
  const other = await order(walk);
  const path = `/v1/orders/${one.order.id}`;
  await ask(path, { method: 'GET', bearer: other.orderKey });
  await ask(path, { method: 'GET', bearer: token });
  await ask(`${path}?key=${one.orderKey}&token=${token}`, { method: 'GET' });
  await ask(`${path}/payments`, { bearer: one.orderKey, body: `{"card": "${cards.pays}` });
  await ask(`${path}/payments`, { bearer: one.orderKey, json: { provider: one.orderKey } });
  const event = JSON.stringify({ id: 'evt_1', secret: checkouts.secrets.webhook });
  await ask('/webhooks/sandbox', { body: event });
  await ask('/webhooks/sandbox', { body: event, headers: { 'fairgate-signature': 't=1,v1=00' } });
  await ask('/internal/orders/x/refund', { bearer: `${checkouts.secrets.internal}x`, json: {} });
}

async function malformedRedemptions(walk: Walk): Promise<void> {
  const { ask, secrets, sale } = walk;
  const json = oneOf(sale);
  const token = await freshToken(walk);
  const [head, payload, signature = ''] = token.split('.');
  const forged = secrets.add('token', `${head}.${payload}.${[...signature].reverse().join('')}`);
  const key = newProofKey();
  const bound = await freshToken(walk, key.jkt);
  const htu = `${publicOrigin}/v1/redemptions`;
  const proofs = [
    makeProof(key, { method: 'GET', url: htu, token: bound }),
    makeProof(newProofKey(), { method: 'POST', url: htu, token: bound }),
  ].map((proof) => secrets.add('proof', proof));
  await ask('/v1/redemptions', { bearer: forged, json });
  await ask('/v1/redemptions', { bearer: bound, json });
  for (const dpop of proofs) {
    const headers = { authorization: `DPoP ${bound}`, dpop };
    await ask('/v1/redemptions', { json, headers });
  }
  await ask('/v1/redemptions', { bearer: token, body: `{"items": "${token}` });
  await ask('/v1/redemptions', { bearer: token, json: { items: [], email: token } });
  await ask(`/v1/redemptions?token=${token}`, { json: { token } });
  await ask('/v1/redemptions', {
    bearer: token,
    json,
    headers: { 'idempotency-key': 'k'.repeat(300) },
  });
  await ask('/checkout', {
    body: new URLSearchParams({ token: forged, sale: sale.saleId }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

/** At the edge: a place, and its ticket where it does not belong. */
export async function malformedPlaces(walk: Walk): Promise<void> {
  const { ask, secrets, sale } = walk;
  const path = `/api/sales/${sale.saleId}/place`;
  const joined = await waitFor('the sale at the edge', 20, async () => {
    const answer = await ask(path, { json: {} });
    return answer.status === 201 && answer;
  });
  const { ticket } = answered(joined, 201, joinShape);
  secrets.add('ticket', ticket);
  const token = await freshToken(walk);
  const cut = secrets.add('ticket', ticket.slice(0, -5));
  for (const shown of [cut, token]) {
    await ask(path, { method: 'GET', bearer: shown });
    await ask(path, { method: 'GET', headers: { cookie: `fg_place_${sale.saleId}=${shown}` } });
    await ask(`${path}/token?ticket=${shown}`, { bearer: shown });
    await ask(path, { bearer: ticket, body: `{"pass": "${shown}` });
  }
  await ask(path, { json: { publicKey: { kty: 'EC', d: token } } });
  await ask('/v1/redemptions', { bearer: ticket, json: oneOf(sale) });
}

/** At the queue service: an admin's keys. */
export async function malformedControls(walk: Walk, adminKey: string): Promise<void> {
  const { ask, secrets } = walk;
  await ask('/v1/sales', { method: 'GET', bearer: `${adminKey}x` });
  await ask(`/v1/sales?key=${adminKey}`, { method: 'GET' });
  await ask('/v1/products', { bearer: adminKey, body: `{"name": "${adminKey}` });
  await ask('/v1/products', { bearer: adminKey, json: { name: '', priceMinor: adminKey } });
  const made = await ask('/v1/api-keys', { bearer: adminKey, json: { name: 'x', role: 'viewer' } });
  const key = secrets.add('API key', JSON.parse(made.text).key);
  await ask('/v1/products', { bearer: key, json: { name: 'not for a viewer' } });
  await ask('/v1/orders/ord_none/refund', { bearer: adminKey });
}
