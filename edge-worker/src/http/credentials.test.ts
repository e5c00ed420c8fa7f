import { randomBytes } from 'node:crypto';
import { newVisitorId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { parseTicketKeys, signTicket, type TicketClaims } from '@fairgate/shared/token/ticket.ts';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { ticketReader } from '../app/tickets.ts';
import { ticketCredentials } from './credentials.ts';
import { signVisitor } from './signed-visitor.ts';

const newKeys = () => {
  const key = { kid: 'a', k: randomBytes(32).toString('base64url') };
  return parseTicketKeys(JSON.stringify({ keys: [key] }));
};
const keys = newKeys();
const nowMs = 1_000_000_000;
const claims: TicketClaims = {
  sale: 'sale_1',
  sub: newVisitorId(),
  n: 5,
  ord: 1,
  lane: 'main',
  iat: nowMs / 1_000,
  exp: nowMs / 1_000 + 60,
};
const ticket = signTicket(keys, claims);
const expired = signTicket(keys, { ...claims, exp: claims.iat });
const foreign = signTicket(keys, { ...claims, sale: 'sale_2' });
const forged = signTicket(newKeys(), claims);

/** Answers what `work` makes of a request with these headers: its result, or a problem's slug. */
async function ask(
  headers: Record<string, string>,
  work: 'ticket' | 'visitor',
  secureCookies = false,
): Promise<string> {
  const now = () => nowMs;
  const parts = { keys, tickets: ticketReader(keys), secureCookies, now };
  const credentials = ticketCredentials(parts);
  const app = new Hono();
  app.get('/', (c) => {
    if (work === 'visitor') return c.text(credentials.joiner(c, 'sale_1').question.visitor);
    return c.text(`${credentials.ticket(c, 'sale_1').n}`);
  });
  app.onError((error, c) => c.text(error instanceof Problem ? error.slug : String(error)));
  return await (await app.request('/', { headers })).text();
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const cookie = (text: string) => ({ cookie: `x=1; fg_place_sale_1=${text}; y=2` });

test('a ticket is shown as a bearer or in the cookie of its sale', async () => {
  expect(await ask(bearer(ticket), 'ticket')).toBe('5');
  expect(await ask(cookie(ticket), 'ticket')).toBe('5');
  const secure = { cookie: `__Host-fg_place_sale_1=${ticket}` };
  expect(await ask(secure, 'ticket', true)).toBe('5');
  expect(await ask(cookie(ticket), 'ticket', true)).toBe('unauthorized');
});

test('each kind of bad ticket has its own refusal', async () => {
  for (const show of [bearer, cookie]) {
    expect(await ask(show(expired), 'ticket')).toBe('token-expired');
    expect(await ask(show(foreign), 'ticket')).toBe('token-invalid');
    expect(await ask(show(forged), 'ticket')).toBe('token-invalid');
    expect(await ask(show('nonsense'), 'ticket')).toBe('token-invalid');
  }
  expect(await ask({}, 'ticket')).toBe('unauthorized');
  expect(await ask({ cookie: 'fg_place_sale_1=' }, 'ticket')).toBe('unauthorized');
  expect(await ask({ authorization: 'Basic eDp5' }, 'ticket')).toBe('unauthorized');
});

test('a visitor is known by ticket, also an expired one, by cookies, or is new', async () => {
  for (const headers of [bearer(ticket), bearer(expired), cookie(ticket), cookie(expired)]) {
    expect(await ask(headers, 'visitor')).toBe(claims.sub);
  }
  const known = newVisitorId();
  const signed = `fg_visitor=${signVisitor(keys, known)}`;
  expect(await ask({ cookie: signed }, 'visitor')).toBe(known);
  expect(await ask({ cookie: `fg_place_sale_1=${forged}; ${signed}` }, 'visitor')).toBe(known);
  const [one, other] = [await ask({}, 'visitor'), await ask({ cookie: 'fg_visitor=x' }, 'visitor')];
  expect(one).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(other).not.toBe(one);
  expect(await ask(bearer(forged), 'visitor')).toBe('token-invalid');
});
