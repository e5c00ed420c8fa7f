import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import { expect, test } from 'vitest';
import type { PollOutcome } from '../app/outcomes.ts';
import { type PollLimit, pollLimit } from '../app/poll-limit.ts';
import { compileBans } from '../domain/ban-matcher.ts';
import { quickPoll } from './quick-poll.ts';

const saleId = 'sale_01m87r1ep7es0d822hrf368tc3';
const claims: TicketClaims = {
  sale: saleId,
  sub: 'v',
  n: 3,
  ord: 1,
  lane: 'main',
  iat: 0,
  exp: 9_000,
};
const place: Extract<PollOutcome, { kind: 'place' }>['place'] = {
  state: 'waiting',
  number: 3,
  ahead: 2,
  behind: 0,
  etaSeconds: null,
  pollAfterSeconds: 10,
  lane: 'main',
  saleState: 'open',
  message: '',
  outlook: { kind: 'likely', unitsLeft: 1, unitsHeld: 0 },
};

function answer(
  headers: Record<string, string>,
  changes: {
    outcome?: PollOutcome;
    isOver?: boolean;
    banned?: boolean;
    url?: string;
    polls?: PollLimit;
  } = {},
) {
  const bans = changes.banned
    ? [{ id: 'ban_1', kind: 'visitor' as const, value: 'another', expiresAt: null }]
    : [];
  const poll = quickPoll({
    line: { poll: async () => changes.outcome ?? { kind: 'place', place, renewed: null } },
    tickets: {
      read: (text) =>
        text === 'good' ? { kind: 'valid', claims } : { kind: 'invalid', why: 'form' },
    },
    points: { polled() {} },
    door: {
      bans: { matcher: () => compileBans(bans) },
      polls: changes.polls ?? { isOver: () => changes.isOver ?? false, uncount() {} },
    },
    placeCookie: (id) => `fg_place_${id}`,
    now: () => 0,
  });
  const url = changes.url ?? `http://edge/api/sales/${saleId}/place`;
  return poll(new Request(url, { headers }), () => {});
}

test('a plain poll is answered with the place, by the header or by the cookie', async () => {
  const cookie = `other=1; fg_place_${saleId}=good`;
  for (const headers of [{ authorization: 'Bearer good' }, { cookie }]) {
    const response = await answer(headers);
    expect(await response?.json()).toEqual({
      place,
      serverTime: '1970-01-01T00:00:00.000Z',
    });
    expect(response?.headers.get('cache-control')).toBe('no-store');
    expect(response?.headers.get('x-request-id')).toMatch(/^req_/);
  }
});

test('whatever is refused, renewed or unusual is left to the app', async () => {
  const good = { authorization: 'Bearer good' };
  expect(await answer({})).toBeNull();
  expect(await answer({ authorization: 'Bearer forged' })).toBeNull();
  expect(
    await answer({ authorization: 'Basic good', cookie: `fg_place_${saleId}=good` }),
  ).toBeNull();
  expect(await answer({ ...good, origin: 'https://elsewhere' })).toBeNull();
  expect(await answer({ ...good, 'x-request-id': 'given-by-them' })).toBeNull();
  expect(await answer(good, { isOver: true })).toBeNull();
  expect(await answer(good, { banned: true })).toBeNull();
  expect(await answer(good, { outcome: { kind: 'unavailable' } })).toBeNull();
  expect(await answer(good, { outcome: { kind: 'place', place, renewed: claims } })).toBeNull();
  expect(await answer(good, { url: `http://edge/api/sales/${saleId}` })).toBeNull();
});

test('a poll that is left to the app is counted by the app alone', async () => {
  const polls = pollLimit({ now: () => 0 });
  const good = { authorization: 'Bearer good' };
  const over: boolean[] = [];
  for (let i = 0; i < 100; i += 1) {
    expect(await answer(good, { polls, outcome: { kind: 'revoked' } })).toBeNull();
    over.push(polls.isOver(saleId, claims.sub));
  }
  expect(over).not.toContain(true);
  expect(polls.isOver(saleId, claims.sub)).toBe(true);
});
