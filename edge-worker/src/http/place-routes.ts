import { clockSkewSeconds, isoTime } from '@fairgate/shared/clock.ts';
import { bodyText, jsonBody, optionalJsonBody } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type PurchaseClaims, signPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import { Hono } from 'hono';
import type { Admission } from '../app/outcomes.ts';
import type { JoinAnswer, PollAnswer, TokenAnswer } from './answers.ts';
import { joinBound, requireBound, requireProof } from './binding.ts';
import { requireSolvedForToken, type Solved } from './challenge.ts';
import { type Edge, type EdgeContext, type EdgeEnv, keeper, saleIdOf } from './context.ts';
import { requirePollable, requireUnbanned } from './door.ts';
import { joinBodySchema, noticesBodySchema, tokenBodySchema } from './join-body.ts';
import { requireLogin } from './login.ts';
import { askByJoin, keepWish } from './notices.ts';
import { joinRefusal, leaveRefusal, refusal, takeRefusal, unknownSale } from './refusals.ts';

const noStore = { 'cache-control': 'no-store' };
const path = '/api/sales/:saleId/place';

/** `join -> poll ... poll -> token`, or leave. */
export function placeRoutes(edge: Edge): Hono<EdgeEnv> {
  const { line, credentials } = edge;
  const routes = new Hono<EdgeEnv>();

  routes.post(path, async (c) => {
    const saleId = saleIdOf(c);
    const body = await optionalJsonBody(c, joinBodySchema);
    const outcome = await joinBound(edge, c, saleId, body);
    if (outcome.kind !== 'joined') throw joinRefusal(outcome);
    await requireUnbanned(edge, c, outcome.claims.sub);
    const ticket = credentials.sign(outcome.claims);
    credentials.setCookies(c, outcome.claims, ticket);
    edge.points.joined(saleId, outcome.place.lane, outcome.isNew);
    askByJoin(edge, c, outcome.claims, body);
    const status = outcome.isNew ? 201 : 200;
    return c.json({ ticket, place: outcome.place } satisfies JoinAnswer, status, noStore);
  });

  routes.get(path, async (c) => {
    const claims = await ticketOf(edge, c);
    requirePollable(edge, claims);
    const outcome = await line.poll(claims, keeper(c));
    if (outcome.kind !== 'place') throw refusal(outcome);
    const { place, renewed } = outcome;
    edge.points.polled(claims.sale, place.lane, place.state);
    const serverTime = isoTime(edge.now());
    if (renewed === null) return c.json({ place, serverTime } satisfies PollAnswer, 200, noStore);
    const ticket = credentials.sign(renewed);
    credentials.setCookies(c, renewed, ticket);
    return c.json({ place, serverTime, ticket } satisfies PollAnswer, 200, noStore);
  });

  routes.delete(path, async (c) => {
    await bodyText(c);
    const claims = await ticketOf(edge, c);
    requireProof(edge, c, claims);
    const outcome = await line.leave(claims);
    if (outcome.kind !== 'left') throw leaveRefusal(outcome);
    credentials.clearPlace(c, claims.sale);
    return c.body(null, 204, noStore);
  });

  routes.post(`${path}/token`, async (c) => {
    const { challenge } = await optionalJsonBody(c, tokenBodySchema);
    const claims = await ticketOf(edge, c);
    requireProof(edge, c, claims);
    const issued = await takeToken(edge, c, claims, challenge);
    return c.json(issued, 200, noStore);
  });

  // Of a bound place too: whoever has the ticket alone can take nothing by it.
  routes.put(`${path}/notices`, async (c) => {
    saleIdOf(c);
    const wish = await jsonBody(c, noticesBodySchema);
    await keepWish(edge, await ticketOf(edge, c), wish);
    return c.body(null, 204, noStore);
  });
  return routes;
}

/** Takes and signs the purchase token. Throws Problems for whoever may not have one. */
export async function takeToken(
  edge: Edge,
  c: EdgeContext,
  claims: TicketClaims,
  challenge?: Solved,
): Promise<TokenAnswer> {
  await requireBound(edge, claims);
  await requireLogin(edge, claims);
  await requireSolvedForToken(edge, c, claims, challenge);
  const outcome = await edge.line.take(claims);
  if (outcome.kind !== 'issued') throw takeRefusal(outcome);
  const purchase = purchaseClaims(claims, outcome.admission);
  // Whole seconds: in the last one of the admission the token would be born expired.
  if (purchase.exp * 1_000 <= edge.now()) throw takeRefusal({ kind: 'expired' });
  const token = await signPurchaseToken(await edge.signer(), purchase);
  edge.points.tokenTaken(claims.sale, claims.lane);
  return {
    token,
    expiresAt: isoTime(purchase.exp * 1_000),
    checkoutUrl: `${edge.publicOrigin}/checkout?sale=${claims.sale}`,
  };
}

function purchaseClaims(claims: TicketClaims, admission: Admission): PurchaseClaims {
  const issuedAt = Math.floor(admission.admittedAtMs / 1_000);
  return {
    sub: claims.sub,
    jti: admission.jti,
    sale: claims.sale,
    number: admission.number,
    ...(admission.place === admission.number ? {} : { place: admission.place }),
    max: Math.max(1, admission.max),
    iat: issuedAt,
    // Clocks differ: one that is a little behind must not refuse a fresh token.
    nbf: issuedAt - clockSkewSeconds,
    exp: Math.floor(admission.untilMs / 1_000),
    ...(claims.idn === 1 ? { identity: claims.sub } : {}),
    ...(claims.jkt === undefined ? {} : { cnf: { jkt: claims.jkt } }),
  };
}

/** The ticket shown; without one that fits, an unknown sale is told before anything else. */
async function ticketOf(edge: Edge, c: EdgeContext): Promise<TicketClaims> {
  const saleId = saleIdOf(c);
  try {
    return edge.credentials.ticket(c, saleId);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const sale = await edge.sales.one(saleId);
    throw sale.kind === 'unknown-sale' ? unknownSale() : error;
  }
}
