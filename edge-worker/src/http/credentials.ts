import { newVisitorId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type LookQuestion, newcomer } from '@fairgate/shared/room/room.ts';
import { signTicket, type TicketClaims, type TicketKeys } from '@fairgate/shared/token/ticket.ts';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { questionOf } from '../app/standings.ts';
import type { TicketReader } from '../app/tickets.ts';
import type { Holding } from '../domain/binding.ts';
import { readVisitor, signVisitor } from './signed-visitor.ts';

/** Browsers keep a cookie for 400 days at most (RFC 6265bis). */
const cookieSecondsMax = 400 * 86_400;

export type Credentials = {
  /** The claims of the ticket shown. Throws `unauthorized`, `token-invalid`, `token-expired`. */
  ticket(c: Context, saleId: string): TicketClaims;
  /** As `ticket`, but null where there is none that is of use. */
  ticketOrNull(c: Context, saleId: string): TicketClaims | null;
  /** The ticket as it was shown, or ''. */
  ticketText(c: Context, saleId: string): string;
  /** Who joins: by the ticket shown, the cookie, or as a new visitor. Throws as `ticket` does. */
  joiner(c: Context, saleId: string): Joiner;
  /** Everybody whom a request says to be, in good faith or not, by what we have signed. */
  visitors(c: Context, saleId: string): string[];
  sign(claims: TicketClaims): string;
  setCookies(c: Context, claims: TicketClaims, ticket: string): void;
  clearPlace(c: Context, saleId: string): void;
};

/** `isPerson`: by a ticket that was got by the shop's own login. */
export type Joiner = { question: LookQuestion; holding: Holding; isPerson: boolean };

export type CredentialParts = {
  keys: TicketKeys;
  tickets: TicketReader;
  secureCookies: boolean;
  now: () => number;
  /** A ticket that is no ticket of ours was shown, where one was needed. */
  onForged?: (c: Context) => void;
};

function cookiePrefix(secureCookies: boolean): string {
  return secureCookies ? '__Host-' : '';
}

/** Names the cookie that holds the ticket of a sale. */
export function placeCookieName(secureCookies: boolean): (saleId: string) => string {
  return (saleId) => `${cookiePrefix(secureCookies)}fg_place_${saleId}`;
}

export function ticketCredentials(parts: CredentialParts): Credentials {
  const { keys, tickets, secureCookies, now, onForged = () => {} } = parts;
  const prefix = cookiePrefix(secureCookies);
  const placeCookie = placeCookieName(secureCookies);
  const visitorCookie = `${prefix}fg_visitor`;

  const put = (c: Context, name: string, value: string, seconds: number) =>
    setCookie(c, name, value, {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: secureCookies,
      maxAge: Math.max(0, Math.min(cookieSecondsMax, seconds)),
    });

  const ticketOrNull: Credentials['ticketOrNull'] = (c, saleId) => {
    const text = bearer(c) ?? getCookie(c, placeCookie(saleId));
    const verdict = text === undefined ? null : tickets.read(text, now());
    const isGood = verdict?.kind === 'valid' && verdict.claims.sale === saleId;
    return isGood ? verdict.claims : null;
  };

  return {
    ticketOrNull,

    ticket(c, saleId) {
      const text = bearer(c) ?? getCookie(c, placeCookie(saleId));
      if (text === undefined || text === '') throw unauthorized();
      const verdict = tickets.read(text, now());
      switch (verdict.kind) {
        case 'invalid':
          onForged(c);
          throw invalid();
        case 'expired':
          if (verdict.claims.sale !== saleId) throw invalid();
          throw new Problem('token-expired', withChallenge('The ticket has expired.'));
        case 'valid':
          if (verdict.claims.sale !== saleId) throw invalid();
          return verdict.claims;
      }
    },

    ticketText: (c, saleId) => bearer(c) ?? getCookie(c, placeCookie(saleId)) ?? '',

    joiner(c, saleId) {
      const shown = bearer(c);
      if (shown !== undefined) {
        const verdict = tickets.read(shown, now());
        if (verdict.kind === 'invalid') onForged(c);
        if (verdict.kind === 'invalid' || verdict.claims.sale !== saleId) throw invalid();
        return byTicket(verdict.claims);
      }
      const place = getCookie(c, placeCookie(saleId));
      const verdict = place === undefined ? null : tickets.read(place, now());
      if (verdict && verdict.kind !== 'invalid' && verdict.claims.sale === saleId) {
        return byTicket(verdict.claims);
      }
      const known = readVisitor(keys, getCookie(c, visitorCookie) ?? '');
      if (known === null) {
        const question = newcomer(newVisitorId());
        return { question, holding: { kind: 'nothing' }, isPerson: false };
      }
      return {
        question: newcomer(known.visitor),
        holding: { kind: 'visitor', jkt: known.jkt },
        isPerson: false,
      };
    },

    visitors(c, saleId) {
      const found = new Set<string>();
      for (const text of [bearerOrNone(c), getCookie(c, placeCookie(saleId))]) {
        const verdict = text === undefined ? null : tickets.read(text, now());
        if (verdict !== null && verdict.kind !== 'invalid') found.add(verdict.claims.sub);
      }
      const known = readVisitor(keys, getCookie(c, visitorCookie) ?? '');
      if (known !== null) found.add(known.visitor);
      return [...found];
    },

    sign: (claims) => signTicket(keys, claims),

    setCookies(c, claims, ticket) {
      put(c, placeCookie(claims.sale), ticket, claims.exp - Math.floor(now() / 1_000));
      // A sale that binds nobody does not unbind the visitor.
      const known = readVisitor(keys, getCookie(c, visitorCookie) ?? '');
      const jkt = claims.jkt ?? (known?.visitor === claims.sub ? known.jkt : null);
      put(c, visitorCookie, signVisitor(keys, claims.sub, jkt), cookieSecondsMax);
    },

    clearPlace: (c, saleId) => put(c, placeCookie(saleId), '', 0),
  };
}

function byTicket(claims: TicketClaims): Joiner {
  const holding = { kind: 'ticket', jkt: claims.jkt ?? null } as const;
  return { question: questionOf(claims), holding, isPerson: claims.idn === 1 };
}

/** The ticket in the `Authorization` header (RFC 6750; RFC 9449 for a bound one); others are refused. */
function bearer(c: Context): string | undefined {
  const header = c.req.header('authorization');
  if (header === undefined) return undefined;
  const token = bearerOrNone(c);
  if (token === undefined) throw unauthorized();
  return token;
}

function bearerOrNone(c: Context): string | undefined {
  const header = c.req.header('authorization') ?? '';
  // What nearly every poll sends, without a search for what is to be ignored.
  if (header.startsWith('Bearer ') && !header.includes(' ', 7)) return header.slice(7);
  return /^(?:Bearer|DPoP) +([^\s]+) *$/i.exec(header)?.[1];
}

function withChallenge(detail: string) {
  return { detail, headers: { 'www-authenticate': 'Bearer realm="place"' } };
}

function unauthorized(): Problem {
  return new Problem('unauthorized', withChallenge('Show the ticket of a place in this sale.'));
}

function invalid(): Problem {
  return new Problem('token-invalid', withChallenge('This is no ticket of this sale.'));
}
