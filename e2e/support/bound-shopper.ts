import { makeProof, newProofKey, type ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import type { CheckoutClient } from './checkout-client.ts';
import type { EdgeClient } from './edge-client.ts';
import { answered } from './http.ts';
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

/** Redeems once, with a proof and without a key of one's own. Every other answer than 201 throws. */
export async function redeemBound(
  checkout: CheckoutClient,
  baseUrl: string,
  { token, key }: BoundToken,
  productId: string,
): Promise<RedemptionAnswer> {
  const url = `${baseUrl}/v1/redemptions`;
  const answer = await checkout.raw('/v1/redemptions', {
    method: 'POST',
    headers: {
      authorization: `DPoP ${token}`,
      dpop: makeProof(key, { method: 'POST', url, token }),
    },
    json: { items: [{ productId, quantity: 1 }] },
  });
  return answered(answer, 201, redemptionShape);
}
