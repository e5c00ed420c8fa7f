import { banListText, bansKey } from '@fairgate/shared/bans/ban.ts';
import { newId } from '@fairgate/shared/ids.ts';
import {
  newPreviewId,
  type Preview,
  previewKey,
  previewStates,
} from '@fairgate/shared/preview/preview.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { call } from '../../e2e/support/http.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let edge: EdgeProcess;
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  edge = await startEdge({ redisUrl });
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
});

/** As the queue service keeps it. */
async function keep(changes: Partial<Preview['info']> = {}, seconds = 60): Promise<string> {
  const id = newPreviewId();
  const info: Preview['info'] = {
    id: newId('sale'),
    name: 'A <b>draft</b>',
    mode: 'fifo',
    startsAt: '2030-06-02T12:00:00.000Z',
    endsAt: null,
    bindTokens: 'required',
    challenge: 'altcha',
    challengeAt: ['join'],
    products: [
      {
        id: 'prod_1',
        name: 'Pen',
        description: 'It writes',
        imageUrl: null,
        priceMinor: 1_250,
        currency: 'EUR',
        total: 9,
      },
    ],
    ...changes,
  };
  const expiresAt = Date.parse('2030-06-01T13:00:00Z');
  const live = { free: { prod_1: 7 }, admitPerMinute: 600, tokenSeconds: 120, message: 'Be kind' };
  await rooms.redis.set(
    previewKey(id),
    JSON.stringify({ info, ...live, expiresAt }),
    'EX',
    seconds,
  );
  return id;
}

const look = (id: string, state = '', headers: Record<string, string> = {}) =>
  call(`${edge.url}/preview/${id}${state === '' ? '' : `?state=${state}`}`, { headers });

/** Words that only the picture of that state has. */
const tells: Record<(typeof previewStates)[number], RegExp> = {
  scheduled: /Not open yet/,
  lobby: /The waiting room is open/,
  'lobby-joined': /You are in the waiting room/,
  open: /4,820 people are waiting/,
  challenge: /Checking your browser/,
  'waiting-far': /data-field="ahead">3,600</,
  'waiting-near': /data-field="ahead">3</,
  admitted: /It is your turn/,
  done: /Your order is placed/,
  expired: /Your turn has passed/,
  left: /You have left the line/,
  paused: /The line is paused/,
  sold_out: /Everything is sold/,
  closed: /This sale is over/,
};

test('a draft without a room is shown in each of its states, marked as a preview', async () => {
  const id = await keep();
  for (const state of previewStates) {
    const { status, text, headers } = await look(id, state);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toMatch(tells[state]);
    expect(text).toContain('Preview: this is not the sale.');
    expect(text).toContain(`<a href="?state=${state}&amp;lang=en" aria-current="page">`);
    expect(text).toContain('A &lt;b&gt;draft&lt;/b&gt;');
    expect(text).toContain('Be kind');
    expect(text).toContain('€12.50');
  }
  expect((await look(id)).text).toMatch(tells.scheduled);
  expect((await look(id, 'nonsense')).text).toMatch(tells.scheduled);
  expect((await look(id, 'admitted')).text).toMatch(/data-countdown="[^"]+">2:00</);
});

test('it is kept by nobody, found by no search engine, and runs and sends nothing', async () => {
  const id = await keep();
  for (const state of previewStates) {
    const { headers, text } = await look(id, state);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.getSetCookie()).toEqual([]);
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'none'");
    expect(text).not.toContain('<script');
    expect(text).not.toContain('http-equiv="refresh"');
    const [before = '', inside = ''] = text.split('<fieldset class="preview" disabled');
    expect(before).not.toMatch(/<(form|button|input)/);
    const [, after = ''] = inside.split('</fieldset>');
    expect(after).not.toMatch(/<(form|button|input)/);
  }
});

test('looking joins nobody and leaves nothing behind, of a public sale as well', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const id = await keep({ id: saleId });
  const before = (await rooms.redis.keys('*')).sort();
  const cookie = 'fg_visitor=x; fg_place_y=z';
  for (const state of previewStates) await look(id, state, { cookie });
  expect((await rooms.redis.keys('*')).sort()).toEqual(before);
  expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(0);
  expect((await call(`${edge.url}/preview/${id}`, { method: 'POST' })).status).toBe(405);
});

test('a link that never was, or is over, is a page that says so', async () => {
  const id = await keep();
  await rooms.redis.del(previewKey(id));
  for (const one of [id, newPreviewId(), 'x', '..%2f..', 'x'.repeat(2_000)]) {
    const { status, text, headers } = await look(one);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow');
    expect(text).toContain('There is no such preview any more');
    expect(text).toContain('makes a new one in the console, by “Preview the page”');
  }
});

test('what the page says of the challenge follows from the sale', async () => {
  const box = async (challenge: 'none' | 'altcha' | 'turnstile') =>
    (await look(await keep({ challenge }), 'challenge')).text;
  expect(await box('altcha')).toContain('<progress');
  expect(await box('turnstile')).toContain('Turnstile’s widget stands here');
  expect(await box('none')).toContain('This sale asks for no challenge');
});

test('whoever is banned does not look either', async () => {
  const id = await keep();
  const ban = { id: 'ban_1', kind: 'ip', value: '127.0.0.1', expiresAt: null } as const;
  await rooms.redis.set(bansKey, banListText({ version: 1, bans: [ban] }));
  await waitFor('the ban', 3, async () => (await look(id)).status === 403);
});
