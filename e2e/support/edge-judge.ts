import { newId } from '@fairgate/shared/ids.ts';
import { newPreviewId, previewKey } from '@fairgate/shared/preview/preview.ts';
import { parseTicketKeys, signTicket } from '@fairgate/shared/token/ticket.ts';
import type { Conformance } from './conformance.ts';
import type { EdgeProcess } from './edge-process.ts';
import { type Answer, answered, call } from './http.ts';
import type { GoodRequest, RefusalCase } from './refusal-cases.ts';
import type { Rooms } from './rooms.ts';
import { joinShape, pollShape } from './shapes.ts';
import { waitFor } from './wait.ts';

export type Asked = Omit<RefusalCase, 'title' | 'slug'>;

/** For tests: an edge whose every answer is held against its own description. */
export type Judged = {
  api: Conformance;
  edge: EdgeProcess;
  /** Asks, and judges the answer; a refusal that may be a page too is asked for as that as well. */
  ask(asked: Asked): Promise<Answer>;
};

export function judged(edge: EdgeProcess, api: Conformance): Judged {
  const once = async ({ method, target, headers, text }: Asked) => {
    const body = text === undefined ? {} : { body: text };
    const answer = await call(`${edge.url}${target}`, { method, headers, ...body });
    api.see(method, target, answer);
    return answer;
  };
  return {
    api,
    edge,
    async ask(asked) {
      const answer = await once(asked);
      const { answers } = api.operation(asked.method, asked.target);
      const documented = answers.find(({ status }) => status === answer.status);
      if (answer.status >= 400 && Object.keys(documented?.content ?? {}).length > 1) {
        await once({ ...asked, headers: { ...asked.headers, accept: 'text/html' } });
      }
      return answer;
    },
  };
}

export const bearer = (ticket: string) => ({ authorization: `Bearer ${ticket}` });
export const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;

/** A request with a body of JSON, or none. */
export function asking(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  json?: object,
): Asked {
  if (json === undefined) return { method, target, headers };
  const type = { 'content-type': 'application/json' };
  return { method, target, headers: { ...type, ...headers }, text: JSON.stringify(json) };
}

export function posted(
  target: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Asked {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const text = new URLSearchParams(fields).toString();
  return { method: 'POST', target, headers: { ...type, ...headers }, text };
}

/** Joins as somebody new. */
export async function join(
  { ask }: Pick<Judged, 'ask'>,
  saleId: string,
  json: object = {},
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await ask(asking('POST', placeOf(saleId), headers, json));
  return answered(answer, 201, joinShape).ticket;
}

export async function admitted(judge: Judged, saleId: string, json: object = {}): Promise<string> {
  const ticket = await join(judge, saleId, json);
  await waitFor('the admission', 10, async () => {
    const polled = await judge.ask(asking('GET', placeOf(saleId), bearer(ticket)));
    return answered(polled, 200, pollShape).place.state === 'admitted';
  });
  return ticket;
}

/** A ticket that the edge itself might have given, of whatever lifetime. */
export function forgedTicket({ secrets }: EdgeProcess, sale: string, exp: number): string {
  const keys = parseTicketKeys(JSON.stringify(secrets.ticketKeys));
  const claims = { sub: 'visitor', n: 1, ord: 1, lane: 'main', iat: 1 } as const;
  return signTicket(keys, { ...claims, sale, exp });
}

/** A preview as the queue service keeps it. */
export async function keepPreview({ redis }: Rooms): Promise<string> {
  const id = newPreviewId();
  const info = {
    id: newId('sale'),
    name: 'A draft',
    mode: 'fifo',
    startsAt: '2030-06-02T12:00:00.000Z',
    endsAt: null,
    bindTokens: 'optional',
    challenge: 'none',
    challengeAt: [],
    products: [],
  };
  const live = { free: {}, admitPerMinute: 600, tokenSeconds: 120, message: '' };
  const preview = { info, ...live, expiresAt: Date.parse('2030-06-01T13:00:00Z') };
  await redis.set(previewKey(id), JSON.stringify(preview), 'EX', 600);
  return id;
}

/** As a browser gives it; nobody ever sends there. */
const pushSubscription = {
  endpoint: 'https://fcm.googleapis.com/fcm/send/abc',
  keys: { p256dh: `B${'A'.repeat(86)}`, auth: 'A'.repeat(22) },
};

type Made = { saleId: string; ticket: string; preview: string; asset: string };

/** A request of each operation; of a sale where whoever holds the ticket stands. */
export function goodRequests({
  saleId,
  ticket,
  preview,
  asset,
}: Made): Record<string, GoodRequest> {
  const api = `/api/sales/${saleId}`;
  const page = `/sales/${saleId}`;
  const own = bearer(ticket);
  const plain = (target: string) => ({ target, headers: {} });
  return {
    'GET /api/sales': plain('/api/sales'),
    'GET /api/sales/{saleId}': plain(api),
    'GET /api/sales/{saleId}/challenge': plain(`${api}/challenge`),
    'POST /api/sales/{saleId}/place': { target: `${api}/place`, headers: own, body: {} },
    'GET /api/sales/{saleId}/place': { target: `${api}/place`, headers: own },
    'POST /api/sales/{saleId}/place/token': {
      target: `${api}/place/token`,
      headers: own,
      body: {},
    },
    'PUT /api/sales/{saleId}/place/notices': {
      target: `${api}/place/notices`,
      headers: own,
      body: { email: 'shopper@example.org', language: 'de', pushSubscription },
    },
    'DELETE /api/sales/{saleId}/place': { target: `${api}/place`, headers: own },
    'GET /api/sales/{saleId}/fairness': plain(`${api}/fairness`),
    'GET /api/sales/{saleId}/fairness/log': plain(`${api}/fairness/log`),
    'GET /': plain('/'),
    'GET /sales/{saleId}': { target: page, headers: own },
    'POST /sales/{saleId}/join': { target: `${page}/join`, headers: own },
    'POST /sales/{saleId}/leave': { target: `${page}/leave`, headers: own },
    'POST /sales/{saleId}/buy': { target: `${page}/buy`, headers: own },
    'GET /preview/{id}': plain(`/preview/${preview}`),
    'GET /assets/{name}': plain(asset),
    'GET /.well-known/jwks.json': plain('/.well-known/jwks.json'),
    'GET /notify.js': plain('/notify.js'),
    'GET /healthz': plain('/healthz'),
    'GET /openapi.json': plain('/openapi.json'),
    'GET /docs': plain('/docs'),
  };
}
