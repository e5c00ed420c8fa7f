import { randomUUID } from 'node:crypto';
import { Problem } from '@fairgate/shared/problem.ts';

/** A request for the checkout, its body read in full so that it can be sent again. */
export type Outgoing = {
  method: string;
  /** Path and query. */
  target: string;
  headers: Headers;
  body: string | null;
};

export type Forward = (outgoing: Outgoing) => Promise<Response>;

export type ForwardParts = {
  origins: readonly string[];
  /** What spreads over the origins itself: asked first, and they only while it is away. */
  balancer?: string | undefined;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  now: () => number;
  log: (where: string, error: unknown, more?: Record<string, string>) => void;
};

/** An origin that could not be reached is asked last for this long. */
const avoidMs = 2_000;
/** Until the first byte of the answer; a stream may then go on for as long as it likes. */
const answerMsMax = 15_000;

/** RFC 9110 section 7.6.1; and what only the edge may say, or has already undone. */
const notForwarded = [
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'host', 'content-length', 'forwarded'],
];

/**
 * Sends requests to the checkouts in turn: to the next one when a connection fails, as long as
 * sending twice does no harm.
 */
export function forwarder(parts: ForwardParts): Forward {
  const { origins, balancer, fetch, now, log } = parts;
  const avoidUntilMs = new Map<string, number>();
  let turn = 0;

  const inTurn = (): string[] => {
    turn = (turn + 1) % origins.length;
    const others = [...origins.slice(turn), ...origins.slice(0, turn)];
    const rotated = balancer === undefined ? others : [balancer, ...others];
    const isAvoided = (origin: string) => (avoidUntilMs.get(origin) ?? 0) > now();
    return [...rotated.filter((it) => !isAvoided(it)), ...rotated.filter(isAvoided)];
  };

  return async (outgoing) => {
    const request = withKey(outgoing);
    let failure: unknown;
    for (const origin of inTurn()) {
      try {
        return answer(await send(fetch, origin, request));
      } catch (error) {
        failure = error;
        avoidUntilMs.set(origin, now() + avoidMs);
        log('forward', error, { origin });
        if (!canRepeat(request) && !wasNeverSent(error)) break;
      }
    }
    throw new Problem('unavailable', 'The checkout cannot be reached right now.', failure);
  };
}

/** A redemption is made repeatable by a key of its own, where the client sent none. */
function withKey(outgoing: Outgoing): Outgoing {
  const isRedemption = outgoing.method === 'POST' && outgoing.target.startsWith('/v1/redemptions');
  if (!isRedemption || outgoing.headers.has('idempotency-key')) return outgoing;
  const headers = new Headers(outgoing.headers);
  headers.set('idempotency-key', randomUUID());
  return { ...outgoing, headers };
}

/**
 * The form's redemption has its key among its fields; providers deliver events repeatedly. A proof
 * of possession is good for one request (RFC 9449 section 11.1), so what carries one is sent once.
 */
function canRepeat({ method, target, headers }: Outgoing): boolean {
  if (headers.has('dpop')) return false;
  if (method === 'GET' || method === 'HEAD' || headers.has('idempotency-key')) return true;
  return /^\/(webhooks\/|checkout\/redeem|checkout\?)/.test(target);
}

function wasNeverSent(error: unknown): boolean {
  return /refused|unreachable|connect\(/i.test(String(error));
}

async function send(
  fetch: ForwardParts['fetch'],
  origin: string,
  { method, target, headers, body }: Outgoing,
): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('no answer in time')), answerMsMax);
  try {
    return await fetch(origin + target, {
      method,
      headers,
      body,
      redirect: 'manual',
      signal: abort.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

function answer(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of notForwarded) headers.delete(name);
  return new Response(response.body, { status: response.status, headers });
}

/** The client's headers without those that are for this connection or not the client's to say. */
export function forwardedHeaders(
  incoming: Headers,
  own: { requestId: string; publicOrigin: string },
): Headers {
  const headers = new Headers(incoming);
  const named = (incoming.get('connection') ?? '').split(',').map((name) => name.trim());
  for (const name of [...notForwarded, ...named]) if (name !== '') headers.delete(name);
  for (const name of [...headers.keys()]) {
    if (/^(x-forwarded-|x-real-ip|x-balancer-|cf-)/.test(name)) headers.delete(name);
  }
  const cookies = checkoutCookies(incoming.get('cookie') ?? '');
  if (cookies === '') headers.delete('cookie');
  else headers.set('cookie', cookies);
  const address = incoming.get('cf-connecting-ip');
  if (address !== null) headers.set('x-forwarded-for', address);
  const { protocol, host } = new URL(own.publicOrigin);
  headers.set('x-forwarded-proto', protocol.slice(0, -1));
  headers.set('x-forwarded-host', host);
  headers.set('x-request-id', own.requestId);
  headers.set('accept-encoding', 'identity');
  return headers;
}

/**
 * Its own, and the language that a shopper has chosen: tickets and the visitor's name are the edge's,
 * and many of them too long for it.
 */
function checkoutCookies(cookie: string): string {
  const pairs = cookie.split(';').map((pair) => pair.trim());
  return pairs.filter((pair) => /^((__Host-)?fg_order_|fg_lang=)/.test(pair)).join('; ');
}
