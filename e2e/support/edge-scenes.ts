import { parsePassKeys, signPass } from '@fairgate/shared/token/pass.ts';
import { newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { decodeJwt } from 'jose';
import { expect } from 'vitest';
import { solvedChallenge } from './altcha.ts';
import {
  admitted,
  asking,
  bearer,
  forgedTicket,
  type Judged,
  join,
  placeOf,
  posted,
} from './edge-judge.ts';
import { answered } from './http.ts';
import { startLogin } from './login-server.ts';
import { expectProblem } from './problem.ts';
import type { Rooms } from './rooms.ts';
import { tokenShape } from './shapes.ts';
import { waitFor } from './wait.ts';

type Scene = (judge: Judged, rooms: Rooms) => Promise<void>;

const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** Every way to use a ticket of a place. */
const uses = (saleId: string, ticket: string) => {
  const own = bearer(ticket);
  return {
    poll: asking('GET', placeOf(saleId), own),
    take: asking('POST', `${placeOf(saleId)}/token`, own),
    leave: asking('DELETE', placeOf(saleId), own),
    again: asking('POST', placeOf(saleId), own, {}),
    notices: asking('PUT', `${placeOf(saleId)}/notices`, own, { language: 'de' }),
    joinForm: posted(`/sales/${saleId}/join`, {}, own),
    buyForm: posted(`/sales/${saleId}/buy`, {}, own),
    page: asking('GET', `/sales/${saleId}`, own),
  };
};

export const byTicket: Scene = async ({ ask, edge }, rooms) => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const none = uses(saleId, 'a.b.c');
  const { poll, take, leave, again, joinForm, notices } = none;
  for (const asked of [poll, take, leave, again, joinForm, notices]) {
    expectProblem(await ask(asked), 'token-invalid');
  }
  const old = uses(saleId, forgedTicket(edge, saleId, 2));
  for (const asked of [old.poll, old.take, old.leave, old.notices]) {
    expectProblem(await ask(asked), 'token-expired');
  }
};

export const byRevocation: Scene = async (judge, rooms) => {
  const { ask } = judge;
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const { poll, take, leave, again, joinForm, buyForm, page } = uses(
    saleId,
    await join(judge, saleId),
  );
  const revocations = JSON.stringify([{ id: '1', from: 1, to: 9 }]);
  await rooms.open({ admitPerMinute: 0, revocations }, saleId);
  await waitFor('the revocation', 5, async () => (await ask(poll)).status === 401);
  for (const asked of [poll, take, leave, again, joinForm, buyForm]) {
    expectProblem(await ask(asked), 'token-revoked');
  }
  expect((await ask(page)).status).toBe(303);
};

export const byProof: Scene = async (judge, rooms) => {
  const { ask } = judge;
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const ticket = await join(judge, saleId, { publicKey: newProofKey().jwk });
  const { take, leave, again, joinForm, buyForm } = uses(saleId, ticket);
  for (const asked of [take, leave, again, joinForm, buyForm]) {
    expectProblem(await ask(asked), 'proof-invalid');
  }
  const other = asking('POST', placeOf(saleId), bearer(ticket), { publicKey: newProofKey().jwk });
  expectProblem(await ask(other), 'conflict');
};

export const byChallenge: Scene = async (judge, rooms) => {
  const { ask, edge } = judge;
  const altcha = { challenge: 'altcha' } as const;
  const saleId = await rooms.open({}, undefined, { ...altcha, challengeAt: ['join'] });
  const joining = (json: object) => ask(asking('POST', placeOf(saleId), {}, json));
  expect((await ask(asking('GET', `/api/sales/${saleId}/challenge`))).status).toBe(200);
  expectProblem(await joining({}), 'challenge-required');
  expectProblem(await joining({ challenge: 'wrong' }), 'challenge-failed');
  expect((await joining({ challenge: await solvedChallenge(edge.url, saleId) })).status).toBe(201);
  expectProblem(await ask(posted(`/sales/${saleId}/join`)), 'challenge-required');
  const fast = { admitPerMinute: 6_000 };
  const later = await rooms.open(fast, undefined, { ...altcha, challengeAt: ['token'] });
  const ticket = await admitted(judge, later);
  const { take, buyForm } = uses(later, ticket);
  expectProblem(await ask(take), 'challenge-required');
  expectProblem(await ask(buyForm), 'challenge-required');
  const wrong = asking('POST', `${placeOf(later)}/token`, bearer(ticket), { challenge: 'wrong' });
  expectProblem(await ask(wrong), 'challenge-failed');
};

export const byPass: Scene = async ({ ask, edge }, rooms) => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const keys = parsePassKeys(JSON.stringify(edge.secrets.passKeys));
  const iat = nowSeconds();
  const claims = { sale: saleId, lane: 'priority', jti: 'pass000000000000' } as const;
  const pass = signPass(keys, { ...claims, iat, exp: iat + 60 });
  const byForm = (given: string) => ask(posted(`/sales/${saleId}/join`, { pass: given }));
  expect((await byForm(pass)).status).toBe(303);
  expectProblem(await byForm(pass), 'conflict');
  expectProblem(await byForm('none'), 'invalid-request');
};

export const bySale: Scene = async ({ ask }, rooms) => {
  const coming = await rooms.open({ startsAt: Date.now() + 3_600_000, lobbySeconds: 0 });
  expectProblem(await ask(asking('POST', placeOf(coming))), 'sale-not-open');
  const empty = await rooms.open({ units: 5 });
  const productId = empty.replace('sale_', 'prod_');
  // Newer than the one that the room began with.
  await rooms.room.picture(empty, Date.now() + 1, [{ productId, free: 0, held: 0, sold: 5 }]);
  await waitFor('the end of the stock', 5, async () => {
    const { status, text } = await ask(asking('POST', placeOf(empty)));
    return status === 409 && text.includes(':sold-out');
  });
};

export const byTurn: Scene = async (judge, rooms) => {
  const { ask } = judge;
  const waiting = await rooms.open({ admitPerMinute: 0 });
  const early = uses(waiting, await join(judge, waiting));
  expectProblem(await ask(early.take), 'not-admitted');
  expect((await ask(early.leave)).status).toBe(204);
  expectProblem(await ask(early.take), 'place-expired');
  const open = await rooms.open({ admitPerMinute: 6_000 });
  const { take } = uses(open, await admitted(judge, open));
  const { token } = answered(await ask(take), 200, tokenShape);
  const { jti = '', sub: visitor = '', number } = decodeJwt<{ number: number }>(token);
  const spent = { kind: 'spent', jti, visitor, number, max: 2 } as const;
  const until = { seq: 1, taken: 1, returned: 0, payBefore: Date.now() + 60_000 };
  await rooms.room.settle(open, [{ ...spent, ...until }]);
  expectProblem(await ask(take), 'token-already-redeemed');
};

/** A sale that asks for a login, of which somebody holds a ticket of before. */
export const byLogin: Scene = async (judge, rooms) => {
  const { ask } = judge;
  const { jwksUrl, issuer, audience, stop } = await startLogin();
  try {
    const fast = { admitPerMinute: 6_000 };
    const saleId = await rooms.open(fast);
    const ticket = await admitted(judge, saleId);
    const identity = { jwksUrl, issuer, audience, required: true };
    await rooms.open(fast, saleId, { identity });
    const anew = posted(`/sales/${saleId}/join`);
    await waitFor('the setting', 5, async () => (await ask(anew)).status === 401);
    expectProblem(await ask(anew), 'unauthorized');
    expectProblem(await ask(asking('POST', placeOf(saleId))), 'unauthorized');
    const { take, buyForm } = uses(saleId, ticket);
    expectProblem(await ask(take), 'unauthorized');
    expectProblem(await ask(buyForm), 'unauthorized');
  } finally {
    await stop();
  }
};

/** Joins of one address, and polls of one ticket. */
export const byRate: Scene = async (judge, rooms) => {
  const { ask } = judge;
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const from = { 'cf-connecting-ip': '203.0.113.9' };
  const byApi = asking('POST', placeOf(saleId), from);
  const joins = [byApi, posted(`/sales/${saleId}/join`, {}, from)];
  await waitFor('the limit of joins', 20, async () => {
    return (await ask(byApi)).status === 429;
  });
  for (const asked of joins) expectProblem(await ask(asked), 'rate-limited');
  const { poll, page, notices } = uses(saleId, await join(judge, saleId));
  for (const asked of [poll, page, notices]) {
    await waitFor(`the limit of ${asked.target}`, 20, async () => {
      const burst = await Promise.all(Array.from({ length: 150 }, () => ask(asked)));
      return burst.some(({ status }) => status === 429);
    });
  }
};
