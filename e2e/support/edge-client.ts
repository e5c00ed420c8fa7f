import { decodeJwt } from 'jose';
import { type Answer, answered, type CallOptions, call } from './http.ts';
import {
  joinShape,
  type PlaceAnswer,
  type PurchaseTokenClaims,
  pollShape,
  purchaseClaimsShape,
  type SaleAnswer,
  saleShape,
  type TokenAnswer,
  tokenShape,
} from './shapes.ts';
import { waitFor } from './wait.ts';

/** A visitor's place, as the visitor holds it. */
export type Standing = { ticket: string; place: PlaceAnswer };

/** A shopper's calls to the edge. Each throws unless it is answered as CONTRACT.md says. */
export type EdgeClient = {
  /** Any call, answered with whatever comes back. */
  raw(path: string, options?: CallOptions): Promise<Answer>;
  sale(saleId: string): Promise<SaleAnswer>;
  /** As a visitor who was never here before. */
  join(saleId: string): Promise<Standing>;
  poll(saleId: string, ticket: string): Promise<PlaceAnswer>;
  takeToken(saleId: string, ticket: string): Promise<TokenAnswer>;
  leave(saleId: string, ticket: string): Promise<void>;
};

export function edgeClient(edgeUrl: string): EdgeClient {
  const raw = (path: string, options?: CallOptions) => call(`${edgeUrl}${path}`, options);
  const place = (saleId: string) => `/api/sales/${saleId}/place`;
  return {
    raw,
    async sale(saleId) {
      return answered(await raw(`/api/sales/${saleId}`), 200, saleShape);
    },
    async join(saleId) {
      return answered(await raw(place(saleId), { method: 'POST', json: {} }), 201, joinShape);
    },
    async poll(saleId, ticket) {
      const answer = await raw(place(saleId), { bearer: ticket });
      return answered(answer, 200, pollShape).place;
    },
    async takeToken(saleId, ticket) {
      const answer = await raw(`${place(saleId)}/token`, { method: 'POST', bearer: ticket });
      return answered(answer, 200, tokenShape);
    },
    async leave(saleId, ticket) {
      const answer = await raw(place(saleId), { method: 'DELETE', bearer: ticket });
      if (answer.status !== 204) throw new Error(`leaving: ${answer.status} ${answer.text}`);
    },
  };
}

/** Waits for the visitor's turn, as their page would, and takes the purchase token. */
export async function tokenWhenAdmitted(
  edge: EdgeClient,
  saleId: string,
  ticket: string,
  seconds = 20,
): Promise<string> {
  await waitFor('the admission', seconds, async () => {
    const { state } = await edge.poll(saleId, ticket);
    return state === 'admitted' || state === 'issued';
  });
  return (await edge.takeToken(saleId, ticket)).token;
}

/** Joins as a new visitor, waits, and takes the token. */
export async function newToken(edge: EdgeClient, saleId: string): Promise<string> {
  return await tokenWhenAdmitted(edge, saleId, (await edge.join(saleId)).ticket);
}

/** What the token says, unverified: the tests read it, the checkout judges it. */
export function claimsOf(token: string): PurchaseTokenClaims {
  return purchaseClaimsShape.parse(decodeJwt(token));
}
