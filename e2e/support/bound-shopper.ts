import { makeProof, newProofKey, type ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import type { CheckoutClient } from './checkout-client.ts';
import type { EdgeClient } from './edge-client.ts';
import { type Answer, answered } from './http.ts';
import { expectProblem } from './problem.ts';
import { joinShape, type RedemptionAnswer, redemptionShape, tokenShape } from './shapes.ts';
import { waitFor } from './wait.ts';

/** A purchase token, and the key that it is bound to. */
export type BoundToken = { token: string; key: ProofKey };

/** Joins with a key as a new visitor, waits, and takes the token with a proof. */
export async function newBoundToken(
  edge: EdgeClient,
  edgeUrl: string,
  saleId: string,
): Promise<BoundToken> {
  const key = newProofKey();
  const path = `/api/sales/${saleId}/place`;
  const json = { publicKey: key.jwk };
  const { ticket } = answered(await edge.raw(path, { method: 'POST', json }), 201, joinShape);
  await waitFor('the admission', 20, async () => {
    return (await edge.poll(saleId, ticket)).state === 'admitted';
  });
  const proof = { method: 'POST', url: `${edgeUrl}${path}/token`, token: ticket };
  const headers = { dpop: makeProof(key, proof) };
  const taken = await edge.raw(`${path}/token`, { method: 'POST', bearer: ticket, headers });
  return { token: answered(taken, 200, tokenShape).token, key };
}

/**
 * Redeems as the API's description asks of clients: after a 503 the same again, with the same
 * `Idempotency-Key` and a fresh proof. Every other answer than 201 throws.
 */
export async function redeemBound(
  checkout: CheckoutClient,
  baseUrl: string,
  { token, key }: BoundToken,
  productId: string,
): Promise<RedemptionAnswer> {
  const url = `${baseUrl}/v1/redemptions`;
  const answer = await untilAnswered('the order', () =>
    checkout.raw('/v1/redemptions', {
      method: 'POST',
      headers: {
        authorization: `DPoP ${token}`,
        dpop: makeProof(key, { method: 'POST', url, token }),
        'idempotency-key': `key-${key.jkt}`,
      },
      json: { items: [{ productId, quantity: 1 }] },
    }),
  );
  return answered(answer, 201, redemptionShape);
}

/** Asks again after each 503. */
export async function untilAnswered(what: string, ask: () => Promise<Answer>): Promise<Answer> {
  return await waitFor(what, 20, async () => {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    expectProblem(answer, 'unavailable');
    return undefined;
  });
}
