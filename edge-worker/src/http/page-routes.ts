import { isoTime } from '@fairgate/shared/clock.ts';
import { bodyText, parseInput } from '@fairgate/shared/http/body.ts';
import { boughtCookie } from '@fairgate/shared/http/bought-cookie.ts';
import { requireOwnOrigin } from '@fairgate/shared/http/origin.ts';
import { languageChoice, languageVary, spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { tokenHash } from '@fairgate/shared/token/dpop.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { z } from 'zod';
import { cataloguePage, cataloguePageSize } from '../pages/catalogue-page.ts';
import type { EdgePage } from '../pages/edge-page.ts';
import { dressed } from '../pages/look.ts';
import { salePage as salePageHtml } from '../pages/sale-page.ts';
import type { ShownSale } from './answers.ts';
import { joinBound, requireProof } from './binding.ts';
import { type Edge, type EdgeContext, type EdgeEnv, keeper, saleIdOf } from './context.ts';
import { requirePollable, requireUnbanned } from './door.ts';
import { forwardedHeaders } from './forward.ts';
import { askByJoin } from './notices.ts';
import { takeToken } from './place-routes.ts';
import { readableAnswer } from './readable.ts';
import { joinRefusal, refusal } from './refusals.ts';
import { salePage } from './sale-routes.ts';

/** For a second, at shared caches alone: a browser that has just joined must not see it again. */
const forAnyone = {
  'cache-control': 'public, max-age=0, s-maxage=1',
  vary: `${languageVary}, accept`,
};
/** Asked for again each time; `no-store` would keep it out of the back-forward cache. */
const forOne = { 'cache-control': 'private, no-cache', vary: `${languageVary}, accept` };

/** Pages, and the forms in them that work without a script. */
export function pageRoutes(edge: Edge): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();

  routes.get('/', async (c) => {
    const chosen = languageChoice(c, edge.secureCookies);
    if (chosen !== null) return chosen;
    const list = await salePage(edge, c, cataloguePageSize);
    edge.points.viewed('', 'catalogue');
    const speech = speechIn(spokenLanguage(c));
    return await page(
      c,
      cataloguePage(edge.assets, speech, list, c.req.query('cursor')),
      forAnyone,
    );
  });

  routes.get('/sales/:saleId', async (c) => {
    const chosen = languageChoice(c, edge.secureCookies);
    return chosen ?? (await saleAnswer(edge, c));
  });
  routes.post('/sales/:saleId/join', async (c) => await joinByForm(edge, c));

  routes.post('/sales/:saleId/leave', async (c) => await leaveByForm(edge, c));
  routes.post('/sales/:saleId/buy', async (c) => await buyByForm(edge, c));

  routes.get('/assets/:name', (c) => {
    const file = edge.assets.find(c.req.path);
    if (!file) throw new Problem('not-found', 'There is no such file.');
    return c.body(file.text, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': file.cacheControl,
      'x-content-type-options': 'nosniff',
    });
  });
  return routes;
}

async function saleAnswer(edge: Edge, c: EdgeContext): Promise<Response> {
  const saleId = saleIdOf(c);
  const claims = edge.credentials.ticketOrNull(c, saleId);
  // Without a ticket the page is the same for anyone, and open to any origin.
  if (claims !== null) {
    requireOwnOrigin(c, edge.ownOrigins);
    requirePollable(edge, claims);
  }
  const polled = claims === null ? null : await edge.line.poll(claims, keeper(c));
  if (polled?.kind === 'revoked') {
    // Its page would be refused for ever: this browser forgets the place, and may join as anybody.
    edge.credentials.clearPlace(c, saleId);
    return c.redirect(`/sales/${saleId}`, 303);
  }
  if (polled !== null && polled.kind !== 'place') throw refusal(polled);
  const shown = await edge.sales.one(saleId);
  if (shown.kind !== 'sale') throw refusal(shown);
  edge.points.viewed(saleId, 'sale');
  let ticket = claims === null ? '' : edge.credentials.ticketText(c, saleId);
  if (polled !== null && polled.renewed !== null) {
    ticket = edge.credentials.sign(polled.renewed);
    edge.credentials.setCookies(c, polled.renewed, ticket);
  }
  const place = polled?.place ?? null;
  const caching = place === null ? forAnyone : forOne;
  if (wantsJson(c)) {
    const { sale, isStale } = shown;
    const answer: ShownSale = {
      sale: isStale ? { ...sale, stale: true } : sale,
      place,
      serverTime: isoTime(edge.now()),
      ...(polled?.renewed == null ? {} : { ticket }),
    };
    return c.json(answer, 200, caching);
  }
  const ticketHash = claims?.jkt === undefined ? null : tokenHash(ticket);
  const appearance = await edge.appearances.of(shown.sale);
  const look = dressed(appearance, spokenLanguage(c));
  const bought = getCookie(c, boughtCookie(saleId, edge.secureCookies)) ?? '';
  const orderId = isId('ord', bought) ? bought : null;
  const parts = { ...look, sale: shown.sale, place, ticketHash, orderId };
  return await page(c, salePageHtml(edge.assets, parts, edge.vapidPublicKey), caching);
}

/** An app asks for JSON, and for nothing that a browser shows. */
function wantsJson(c: EdgeContext): boolean {
  const accept = c.req.header('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('text/html');
}

/** A field that was left empty says nothing. */
const blankIsNone = (value: unknown) =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

const joinFormSchema = z.object({
  pass: z.preprocess(blankIsNone, z.string().trim().max(500).optional()),
  email: z.preprocess(blankIsNone, z.email().max(254).optional()),
});

async function joinForm(c: EdgeContext): Promise<z.infer<typeof joinFormSchema>> {
  return parseInput(joinFormSchema, Object.fromEntries(new URLSearchParams(await bodyText(c))));
}

/** Back to the sale's page, which tells what there is to tell about a sale that is not open. */
async function joinByForm(edge: Edge, c: EdgeContext): Promise<Response> {
  const saleId = saleIdOf(c);
  const { pass, email } = await joinForm(c);
  const outcome = await joinBound(edge, c, saleId, pass === undefined ? {} : { pass });
  switch (outcome.kind) {
    case 'joined':
      await requireUnbanned(edge, c, outcome.claims.sub);
      edge.credentials.setCookies(c, outcome.claims, edge.credentials.sign(outcome.claims));
      edge.points.joined(saleId, outcome.place.lane, outcome.isNew);
      askByJoin(edge, c, outcome.claims, { email });
      break;
    case 'sale-not-open':
    case 'sold-out':
      break;
    case 'too-many-places':
    case 'pass-spent':
    case 'revoked':
    case 'key-needed':
    case 'other-key':
    case 'unknown-sale':
    case 'unavailable':
      throw joinRefusal(outcome);
  }
  return c.redirect(`/sales/${saleId}`, 303);
}

/** Whoever has lost the key cannot give up the place, but this browser may forget it. */
async function leaveByForm(edge: Edge, c: EdgeContext): Promise<Response> {
  const saleId = saleIdOf(c);
  await bodyText(c);
  const claims = edge.credentials.ticketOrNull(c, saleId);
  if (claims !== null && claims.jkt === undefined) {
    const left = await edge.line.leave(claims);
    if (left.kind === 'unknown-sale' || left.kind === 'unavailable') throw refusal(left);
  }
  edge.credentials.clearPlace(c, saleId);
  return c.redirect(`/sales/${saleId}`, 303);
}

/** What the sale's page would not say. */
const toldByForm: ReadonlySet<string> = new Set([
  'unavailable',
  'proof-invalid',
  'challenge-required',
  'unauthorized',
  'token-revoked',
]);

/** Takes the token and shows the checkout's page, the token going there in a posted form. */
async function buyByForm(edge: Edge, c: EdgeContext): Promise<Response> {
  const saleId = saleIdOf(c);
  await bodyText(c);
  const back = c.redirect(`/sales/${saleId}`, 303);
  const claims = edge.credentials.ticketOrNull(c, saleId);
  if (claims === null) return back;
  // A bound place goes on by its page's script: a form brings no proof.
  requireProof(edge, c, claims);
  const issued = await takeToken(edge, c, claims).catch((error: unknown) => {
    if (error instanceof Problem && !toldByForm.has(error.slug)) return null;
    throw error;
  });
  // Not (or no longer) admitted: the sale's page says so.
  if (issued === null) return back;
  const own = { requestId: c.get('requestId'), publicOrigin: edge.publicOrigin };
  const headers = forwardedHeaders(c.req.raw.headers, own);
  headers.set('content-type', 'application/x-www-form-urlencoded');
  const answer = await edge.forward({
    method: 'POST',
    target: `/checkout?sale=${saleId}`,
    headers,
    body: new URLSearchParams({ token: issued.token }).toString(),
  });
  return await readableAnswer(c, answer);
}

async function page(
  c: EdgeContext,
  { html, headers }: EdgePage,
  caching: Record<string, string>,
): Promise<Response> {
  return c.body(`${await html}`, 200, { ...headers, ...caching });
}
