import { createHmac } from 'node:crypto';
import { makeProof, newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { solvedChallenge } from './support/altcha.ts';
import type { Standing } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered, type CallOptions, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { joinShape, pollShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

// What a shopper may try in order to be let in sooner, over HTTP. After each of it the line is let
// in, and nobody has come past anybody: CONTRACT.md 7.9.

let stack: SharedStack;
let saleId: string;
/** Those who came first; the last of them attacks. */
let line: Standing[];
const size = 10;
const closedDoors = { ...openDoors, admitPerMinute: 0 };

beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());
beforeEach(async () => {
  ({ saleId } = await openSale(stack.control, stack.edge, { units: 50, room: closedDoors }));
  line = [];
  for (let i = 0; i < size; i += 1) line.push(await stack.edge.join(saleId));
});

const attacker = () => line[size - 1]!;
const placePath = () => `/api/sales/${saleId}/place`;
const join = (options: CallOptions = {}) =>
  stack.edge.raw(placePath(), { method: 'POST', json: {}, ...options });
const poll = async (options: CallOptions) =>
  answered(await stack.edge.raw(placePath(), options), 200, pollShape).place;

/** All of the line stand as they came, and then are let in as they came, whoever joined meanwhile. */
async function expectOrder(): Promise<void> {
  const { edge, control } = stack;
  const asTheyCame = line.map(({ place }, i) => {
    return { state: 'waiting', number: place.number, ahead: i };
  });
  // Snapshots are a second old: whoever left is counted a moment longer.
  await vi.waitFor(
    async () => {
      const polls = await Promise.all(line.map(({ ticket }) => edge.poll(saleId, ticket)));
      expect(polls).toMatchObject(asTheyCame);
    },
    { timeout: 4_000, interval: 200 },
  );
  await control.setRoom(saleId, { admitPerMinute: 1_200 });
  await waitFor('all being let in', 15, async () => {
    return (await edge.sale(saleId)).waiting === 0;
  });
  const numbers = await waitFor('the log of it', 10, async () => {
    const admitted = await admittedNumbers();
    return admitted.length >= size ? admitted : undefined;
  });
  expect(numbers.slice(0, size)).toEqual(line.map(({ place }) => place.number));
}

const entryShape = z.object({ kind: z.string(), number: z.number() });
async function admittedNumbers(): Promise<number[]> {
  const { text } = await stack.edge.raw(`/api/sales/${saleId}/fairness/log`);
  const entries = text.split('\n').filter((entry) => entry !== '');
  return entries
    .map((entry) => entryShape.parse(JSON.parse(entry)))
    .filter(({ kind }) => kind === 'admitted')
    .map(({ number }) => number);
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString());

/** The attacker's own ticket, made to say that they stand first. */
function forgedTickets(): string[] {
  const [head = '', body = '', signature = ''] = attacker().ticket.split('.');
  const ahead = encoded({ ...decoded(body), n: 1, number: 1, ord: 1, lane: 'priority' });
  const signed = (text: string, key: string) =>
    `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  return [
    `${head}.${ahead}.${signature}`,
    `${encoded({ alg: 'none', typ: 'JWT' })}.${ahead}.`,
    `${encoded({ ...decoded(head), alg: 'none' })}.${ahead}.${signature}`,
    ...['', 'secret', 'fairgate', saleId].map((key) => signed(`${head}.${ahead}`, key)),
    signed(`${encoded({ ...decoded(head), kid: '../../dev/null' })}.${ahead}`, ''),
    `${head}.${body}.${signature.slice(0, -2)}`,
    `${head}.${body}.${signature}.${signature}`,
  ];
}

test('forged, changed and foreign tickets', async () => {
  const other = await openSale(stack.control, stack.edge, { units: 5, room: closedDoors });
  const { ticket: foreign } = await stack.edge.join(other.saleId);
  for (const bearer of [...forgedTickets(), foreign]) {
    expectProblem(await stack.edge.raw(placePath(), { bearer }), 'token-invalid');
    expectProblem(await join({ bearer }), 'token-invalid');
    const cookie = `fg_place_${saleId}=${bearer}; fg_place_${other.saleId}=${bearer}`;
    const newcomer = answered(await join({ headers: { cookie } }), 201, joinShape).place;
    expect(newcomer.number).toBeGreaterThan(attacker().place.number);
  }
  await expectOrder();
});

test('an old ticket, of a place that was left and joined again', async () => {
  const { edge } = stack;
  const early = line[0]!;
  await edge.leave(saleId, early.ticket);
  const again = answered(await join({ bearer: early.ticket }), 201, joinShape);
  expect(again.place.number).toBe(size + 1);
  const old = { bearer: early.ticket };
  for (let i = 0; i < 5; i += 1) {
    expect(answered(await join(old), 200, joinShape).place.number).toBe(size + 1);
    await waitFor('the old ticket telling the place of now', 6, async () => {
      const { state, number } = await poll(old);
      return state === 'waiting' && number === size + 1;
    });
  }
  line = [...line.slice(1), again];
  await expectOrder();
});

test('another visitor’s cookies, for one who has a place and for one who has none', async () => {
  const { edge } = stack;
  const key = newProofKey();
  const answer = await join({ json: { publicKey: key.jwk } });
  const victim = answered(answer, 201, joinShape);
  const cookies = answer.headers.getSetCookie().map((it) => it.split(';')[0] ?? '');
  const visitor = cookies.find((it) => it.startsWith('fg_visitor=')) ?? '';
  expect(visitor).not.toBe('');
  line.push(victim);
  // The cookie of a visitor who is bound to a key is worth nothing without that key.
  for (const json of [{}, { publicKey: newProofKey().jwk }]) {
    const thief = answered(await join({ json, headers: { cookie: visitor } }), 201, joinShape);
    expect(thief.place.number).toBeGreaterThan(victim.place.number);
    line.push(thief);
  }
  const whole = { cookie: cookies.join('; ') };
  expectProblem(await join({ headers: whole }), 'proof-invalid');
  expect((await join({ json: { publicKey: newProofKey().jwk }, headers: whole })).status).toBe(409);
  // Who has a ticket of their own keeps their own place, whatever cookies come beside it.
  const mixed = { bearer: line[0]!.ticket, headers: whole };
  expect((await poll(mixed)).number).toBe(line[0]!.place.number);
  await expectStolenTicketTakesNothing(victim, visitor);
  await expectAllLetIn();

  async function expectStolenTicketTakesNothing({ ticket }: Standing, cookie: string) {
    await stack.control.setRoom(saleId, { admitPerMinute: 1_200 });
    await waitFor('the victim’s turn', 15, async () => {
      return (await edge.poll(saleId, ticket)).state === 'admitted';
    });
    const url = `${stack.info().edgeUrl}${placePath()}/token`;
    const proof = makeProof(newProofKey(), { method: 'POST', url, token: ticket });
    for (const headers of [{ cookie }, { dpop: proof }, whole]) {
      const bearer = 'cookie' in headers ? {} : { bearer: ticket };
      const taken = await edge.raw(`${placePath()}/token`, { method: 'POST', ...bearer, headers });
      expect([401, 409]).toContain(taken.status);
    }
  }

  async function expectAllLetIn() {
    const numbers = await waitFor('the log of it', 10, async () => {
      const admitted = await admittedNumbers();
      return admitted.length >= line.length ? admitted : undefined;
    });
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
});

test('headers that say where a request comes from, and when', async () => {
  const lies: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.7' },
    { 'x-forwarded-for': '127.0.0.1, 10.0.0.1', forwarded: 'for=127.0.0.1;proto=https' },
    { 'x-real-ip': '203.0.113.8', 'true-client-ip': '203.0.113.8' },
    { date: new Date(0).toUTCString(), 'x-request-start': '0', 'x-priority': '1' },
    { 'x-http-method-override': 'DELETE', 'x-original-url': `${placePath()}/token` },
  ];
  const { ticket, place } = attacker();
  for (const [i, headers] of lies.entries()) {
    const newcomer = answered(await join({ headers }), 201, joinShape).place;
    expect(newcomer.number).toBe(size + 1 + i);
    expect(answered(await join({ bearer: ticket, headers }), 200, joinShape).place).toMatchObject({
      number: place.number,
      lane: 'main',
    });
    expect(await poll({ bearer: ticket, headers })).toMatchObject({ number: place.number });
  }
  await expectOrder();
});

test('a body that asks for a better place', async () => {
  const wishes: object[] = [
    { number: 1, n: 1, ordinal: 9, ord: 9, score: -1, joinedAt: 0 },
    { lane: 'priority', visitor: 'x'.repeat(22), sub: 'x'.repeat(22) },
    { ticket: line[0]!.ticket, place: { number: 1 } },
    { language: 'en', moves: true, address: '' },
  ];
  let last = size;
  for (const json of wishes) {
    const answer = await join({ json });
    if (answer.status === 400) continue;
    const { place } = answered(answer, 201, joinShape);
    expect(place).toMatchObject({ number: last + 1, lane: 'main' });
    last = place.number;
  }
  await expectOrder();
});

test('a thousand joins of one visitor at once', async () => {
  const first = await join();
  const { place } = answered(first, 201, joinShape);
  const cookie = first.headers
    .getSetCookie()
    .map((it) => it.split(';')[0] ?? '')
    .find((it) => it.startsWith('fg_visitor='));
  const headers = { cookie: cookie ?? '' };
  const answers = await mapBounded(Array(1_000).fill(headers), 250, (it) => join({ headers: it }));
  const numbers = answers.map((answer) => answered(answer, 200, joinShape).place.number);
  expect(new Set(numbers)).toEqual(new Set([place.number]));
  expect((await stack.control.figures(saleId)).joinedTotal).toBe(size + 1);
  await expectOrder();
});

test('polling faster than everybody else', async () => {
  const { ticket, place } = attacker();
  const polls = await mapBounded(Array(600).fill(ticket), 60, (bearer) =>
    stack.edge.raw(placePath(), { bearer }),
  );
  expect(polls.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
  for (const answer of polls.filter(({ status }) => status === 429)) {
    expectProblem(answer, 'rate-limited');
  }
  const answeredPolls = polls.filter(({ status }) => status === 200);
  expect(answeredPolls.length).toBeGreaterThan(0);
  for (const answer of answeredPolls) {
    expect(answered(answer, 200, pollShape).place.number).toBe(place.number);
  }
  await waitFor('polls that are answered again', 5, async () => {
    return (await stack.edge.raw(placePath(), { bearer: ticket })).status === 200;
  });
  await expectOrder();
});

test('a pass that was used, also by the one who used it, and one that is forged', async () => {
  const json = { lane: 'priority', count: 1 };
  const made = await stack.control.raw(`/v1/sales/${saleId}/passes`, { method: 'POST', json });
  const { passes } = answered(made, 201, z.object({ passes: z.array(z.string()) }));
  const [pass = ''] = passes;
  const owner = answered(await join({ json: { pass } }), 201, joinShape);
  expect(owner.place.lane).toBe('priority');
  expectProblem(await join({ json: { pass } }), 'conflict');
  const bearer = attacker().ticket;
  expectProblem(await join({ json: { pass }, bearer }), 'conflict');
  const forged = [`${pass.slice(0, -4)}AAAA`, 'x', attacker().ticket];
  for (const one of forged) expectProblem(await join({ json: { pass: one } }), 'invalid-request');
  // Who leaves has used the pass up: joining again with it gives no second turn in the lane.
  await stack.edge.leave(saleId, owner.ticket);
  const again = await join({ json: { pass }, bearer: owner.ticket });
  const after = answered(again, 201, joinShape).place;
  expect(after).toMatchObject({ lane: 'main', number: size + 2 });
  await expectOrder();
});

test('a solved challenge that is used again, by oneself or another', async () => {
  await stack.control.setRoom(saleId, { challenge: 'altcha', challengeAt: ['join'] });
  await waitFor('the challenge at the edge', 3, async () => {
    return (await stack.edge.raw(`/api/sales/${saleId}/challenge`)).status === 200;
  });
  const { edgeUrl } = stack.info();
  const challenge = await solvedChallenge(edgeUrl, saleId);
  const both = await Promise.all([join({ json: { challenge } }), join({ json: { challenge } })]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 403]);
  for (let i = 0; i < 5; i += 1) {
    expectProblem(await join({ json: { challenge } }), 'challenge-failed');
  }
  expect((await stack.control.figures(saleId)).joinedTotal).toBe(size + 1);
  await expectOrder();
});
