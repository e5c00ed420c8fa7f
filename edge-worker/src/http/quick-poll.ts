import { isoTime } from '@fairgate/shared/clock.ts';
import type { RequestVariables } from '@fairgate/shared/http/request-id.ts';
import { newId } from '@fairgate/shared/ids.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { Line } from '../app/line.ts';
import type { Points } from '../app/points.ts';
import type { Keep } from '../app/ports.ts';
import type { TicketReader } from '../app/tickets.ts';
import type { Door } from './door.ts';

export type QuickPollParts = {
  line: Pick<Line, 'poll'>;
  tickets: TicketReader;
  door: { bans: Door['bans']; polls: Door['polls'] };
  /** The name of the cookie that holds the ticket of a sale. */
  placeCookie: (saleId: string) => string;
  points: Pick<Points, 'polled'>;
  now: () => number;
};

/** Null: nothing is decided, and the app has to answer. */
export type QuickPoll = (request: Request, keep: Keep) => Promise<Response | null>;

const pollAddress = /^https?:\/\/[^/?#]+\/api\/sales\/(sale_[0-9a-z]{26})\/place$/;

/**
 * `address -> ticket -> bans -> poll -> place`: the answer to nearly every request there is, without
 * the framework's way, which takes as long again (figures: ADR 0004). It refuses nobody and sets no
 * cookie: whatever is not a plain poll by a good ticket, while nobody is banned, is the app's.
 */
export function quickPoll({
  line,
  tickets,
  door,
  placeCookie,
  points,
  now,
}: QuickPollParts): QuickPoll {
  const ticketOf = (request: Request, saleId: string): TicketClaims | null => {
    const text = shownTicket(request.headers, placeCookie(saleId));
    const verdict = text === null ? null : tickets.read(text, now());
    return verdict?.kind === 'valid' && verdict.claims.sale === saleId ? verdict.claims : null;
  };

  return async (request, keep) => {
    if (request.method !== 'GET') return null;
    const saleId = pollAddress.exec(request.url)?.[1];
    if (saleId === undefined || isUnusual(request.headers)) return null;
    const matcher = door.bans.matcher(keep);
    if (matcher instanceof Promise || !matcher.isEmpty) return null;
    const claims = ticketOf(request, saleId);
    if (claims === null) return null;
    const isOver = door.polls.isOver(claims.sale, claims.sub);
    const outcome = isOver ? null : await line.poll(claims, keep);
    if (outcome?.kind !== 'place' || outcome.renewed !== null) {
      door.polls.uncount(claims.sale, claims.sub);
      return null;
    }
    points.polled(saleId, outcome.place.lane, outcome.place.state);
    return placeAnswer(
      JSON.stringify({ place: outcome.place, serverTime: isoTime(now()) }),
      newId('req'),
    );
  };
}

/** A request id to be kept, and an origin to be judged. */
function isUnusual(headers: Headers): boolean {
  return headers.has('x-request-id') || headers.has('origin');
}

/** As the `Authorization` header or else the cookie has it; null where there is neither. */
function shownTicket(headers: Headers, cookieName: string): string | null {
  const authorization = headers.get('authorization');
  if (authorization !== null) {
    return authorization.startsWith('Bearer ') ? authorization.slice(7) : null;
  }
  const cookies = headers.get('cookie');
  const value = cookies?.split('; ').find((it) => it.startsWith(`${cookieName}=`));
  return value?.slice(cookieName.length + 1) ?? null;
}

function placeAnswer(json: string, requestId: RequestVariables['requestId']): Response {
  return new Response(json, {
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
    },
  });
}
