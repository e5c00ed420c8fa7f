import { makeProof, newProofKey, type ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { type Answer, answered } from '../../e2e/support/http.ts';
import { expectProblem, mistakePaths } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape, pollShape, tokenShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let process_: EdgeProcess;
let rooms: Rooms;
let edge: EdgeClient;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  process_ = await startEdge({ redisUrl });
  rooms = roomsIn(redisUrl);
  edge = edgeClient(process_.url);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await process_?.stop();
});

type Ask = { bearer?: string; cookie?: string; key?: ProofKey; proof?: ProofKey; claims?: object };
const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;

/** With the public part of `key` in the body, and a proof by the key `proof`. */
async function ask(method: string, path: string, given: Ask = {}): Promise<Answer> {
  const { bearer, cookie, key, proof, claims = {} } = given;
  const url = `${process_.url}${path}`;
  const token = bearer ?? /fg_place_[^=]+=([^;]+)/.exec(cookie ?? '')?.[1] ?? '';
  const dpop = proof && makeProof(proof, { method, url, token, claims: { ...claims } });
  return await edge.raw(path, {
    method,
    ...(bearer === undefined ? {} : { bearer }),
    ...(method === 'POST' ? { json: key ? { publicKey: key.jwk } : {} } : {}),
    headers: { ...(cookie ? { cookie } : {}), ...(dpop ? { dpop } : {}) },
  });
}

const jktOf = (ticket: string) => decodeJwt(ticket).jkt;
const cookiesOf = (answer: Answer) =>
  answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');

async function joined(saleId: string, key: ProofKey) {
  const answer = await ask('POST', placeOf(saleId), { key });
  return { answer, ...answered(answer, 201, joinShape) };
}

const tokenOf = (saleId: string) => `${placeOf(saleId)}/token`;
const admitted = (saleId: string, bearer: string) =>
  waitFor('the admission', 5, async () => {
    const polled = await ask('GET', placeOf(saleId), { bearer });
    return answered(polled, 200, pollShape).place.state === 'admitted';
  });

describe('a place that is joined with a key', () => {
  test.each(['P-256', 'Ed25519'] as const)(
    'is bound to it, and so is its token: %s',
    async (kind) => {
      const saleId = await rooms.open({ admitPerMinute: 6_000 });
      const key = newProofKey(kind);
      const { ticket } = await joined(saleId, key);
      expect(jktOf(ticket)).toBe(key.jkt);
      // A plain poll needs no proof.
      await admitted(saleId, ticket);
      const path = tokenOf(saleId);
      const proof = key;
      const iat = Math.floor(Date.now() / 1_000);
      for (const given of [
        {},
        { proof: newProofKey() },
        { proof, claims: { iat: iat - 61 } },
        { proof, claims: { iat: iat + 60 } },
        { proof, claims: { htm: 'GET' } },
        { proof, claims: { htu: `${process_.url}${placeOf(saleId)}` } },
        { proof, claims: { ath: 'AAAA' } },
      ]) {
        const refused = await ask('POST', path, { bearer: ticket, ...given });
        expectProblem(refused, 'proof-invalid');
        expect(refused.headers.get('www-authenticate')).toContain('DPoP algs="ES256 EdDSA"');
      }
      const { token } = answered(
        await ask('POST', path, { bearer: ticket, proof }),
        200,
        tokenShape,
      );
      expect(decodeJwt(token).cnf).toEqual({ jkt: key.jkt });
      const again = answered(await ask('POST', path, { bearer: ticket, proof }), 200, tokenShape);
      expect(again.token).toBe(token);
    },
  );

  test('keeps its first key: another is a conflict', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const key = newProofKey();
    const { ticket } = await joined(saleId, key);
    const other = newProofKey();
    for (const proof of [undefined, key, other]) {
      const given = { bearer: ticket, key: other, ...(proof ? { proof } : {}) };
      expectProblem(await ask('POST', placeOf(saleId), given), 'conflict');
    }
  });

  test('is joined again and left with a proof alone, by the ticket or by its cookie', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const key = newProofKey();
    const { answer, ticket, place } = await joined(saleId, key);
    const cookie = cookiesOf(answer).join('; ');
    for (const shown of [{ bearer: ticket }, { cookie }]) {
      expectProblem(await ask('POST', placeOf(saleId), shown), 'proof-invalid');
      expectProblem(await ask('POST', placeOf(saleId), { ...shown, key }), 'proof-invalid');
      expectProblem(await ask('DELETE', placeOf(saleId), shown), 'proof-invalid');
      const again = await ask('POST', placeOf(saleId), { ...shown, proof: key });
      const { ticket: renewed, place: same } = answered(again, 200, joinShape);
      expect([same.number, jktOf(renewed)]).toEqual([place.number, key.jkt]);
    }
    expect((await ask('DELETE', placeOf(saleId), { bearer: ticket, proof: key })).status).toBe(204);
    const back = await ask('POST', placeOf(saleId), { bearer: ticket, proof: key });
    expect(jktOf(answered(back, 201, joinShape).ticket)).toBe(key.jkt);
  });

  test('is not to be had by forms, or by the visitor’s cookie without the key', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const key = newProofKey();
    const { answer, place } = await joined(saleId, key);
    const cookie = cookiesOf(answer).join('; ');
    for (const form of ['join', 'buy']) {
      const path = `/sales/${saleId}/${form}`;
      expect((await edge.raw(path, { method: 'POST', headers: { cookie } })).status).toBe(401);
    }
    // Leaving by the form without the key only makes this browser forget the place.
    const left = await edge.raw(`/sales/${saleId}/leave`, { method: 'POST', headers: { cookie } });
    expect([left.status, left.headers.getSetCookie().length]).toEqual([303, 1]);
    const polled = answered(await ask('GET', placeOf(saleId), { cookie }), 200, pollShape);
    expect(polled.place.state).toBe('waiting');
    const visitor = cookiesOf(answer).find((one) => one.startsWith('fg_visitor=')) ?? '';
    for (const given of [{}, { key: newProofKey() }]) {
      const stranger = await ask('POST', placeOf(saleId), { cookie: visitor, ...given });
      expect(answered(stranger, 201, joinShape).place.number).not.toBe(place.number);
    }
    const own = await ask('POST', placeOf(saleId), { cookie: visitor, key });
    const { place: same, ticket } = answered(own, 200, joinShape);
    expect([same.number, jktOf(ticket)]).toEqual([place.number, key.jkt]);
  });
});

/** By whom it came in, and who copied the ticket or the cookie before it was bound. */
describe('the first key of a place stays', () => {
  test('for whoever holds a ticket of before: no other key, no token, no leaving', async () => {
    const saleId = await rooms.open({ admitPerMinute: 6_000 });
    const { ticket: older } = await edge.join(saleId);
    const [own, thief] = [newProofKey(), newProofKey()];
    const bound = await ask('POST', placeOf(saleId), { bearer: older, key: own });
    const { ticket } = answered(bound, 200, joinShape);
    expectProblem(
      await ask('POST', placeOf(saleId), { bearer: older, key: thief, proof: thief }),
      'conflict',
    );
    expectProblem(await ask('POST', placeOf(saleId), { bearer: older }), 'proof-invalid');
    await admitted(saleId, ticket);
    expectProblem(await ask('POST', tokenOf(saleId), { bearer: older }), 'proof-invalid');
    expectProblem(await ask('DELETE', placeOf(saleId), { bearer: older }), 'proof-invalid');
    const cookie = `fg_place_${saleId}=${older}`;
    for (const [form, status] of [
      ['buy', 401],
      ['join', 401],
      ['leave', 303],
    ] as const) {
      const path = `/sales/${saleId}/${form}`;
      const answer = await edge.raw(path, { method: 'POST', headers: { cookie } });
      expect([form, answer.status]).toEqual([form, status]);
    }
    const taken = await ask('POST', tokenOf(saleId), { bearer: ticket, proof: own });
    const { token } = answered(taken, 200, tokenShape);
    expect(decodeJwt(token).cnf).toEqual({ jkt: own.jkt });
  });

  test('for whoever holds the visitor’s cookie of before', async () => {
    const unbound = await rooms.open({ admitPerMinute: 0 }, undefined, { bindTokens: 'off' });
    const first = await ask('POST', placeOf(unbound));
    const cookie = cookiesOf(first).find((one) => one.startsWith('fg_visitor=')) ?? '';
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const [own, thief] = [newProofKey(), newProofKey()];
    const joining = await ask('POST', placeOf(saleId), { cookie, key: own });
    expect(jktOf(answered(joining, 201, joinShape).ticket)).toBe(own.jkt);
    expectProblem(await ask('POST', placeOf(saleId), { cookie, key: thief }), 'conflict');
    expectProblem(await ask('POST', placeOf(saleId), { cookie }), 'proof-invalid');
    const again = await ask('POST', placeOf(saleId), { cookie, key: own });
    expect(jktOf(answered(again, 200, joinShape).ticket)).toBe(own.jkt);
  });
});

describe('a sale', () => {
  test('that binds nobody ignores keys', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 }, undefined, { bindTokens: 'off' });
    expect(jktOf((await joined(saleId, newProofKey())).ticket)).toBeUndefined();
  });

  test('that requires keys says so, to API and form', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 }, undefined, { bindTokens: 'required' });
    const refused = await ask('POST', placeOf(saleId));
    expect(mistakePaths(expectProblem(refused, 'invalid-request'))).toEqual(['publicKey']);
    expect((await edge.raw(`/sales/${saleId}/join`, { method: 'POST' })).status).toBe(400);
    expect((await edge.raw(`/sales/${saleId}`)).text).toContain('needs JavaScript');
    const key = newProofKey();
    expect(jktOf((await joined(saleId, key)).ticket)).toBe(key.jkt);
  });

  test('that begins to require keys gives no token to a place without one', async () => {
    const saleId = await rooms.open({ admitPerMinute: 6_000 });
    const { ticket } = await edge.join(saleId);
    await admitted(saleId, ticket);
    await rooms.open({ admitPerMinute: 6_000 }, saleId, { bindTokens: 'required' });
    await waitFor('the new setting', 5, async () => {
      return (await edge.raw(`/sales/${saleId}`)).text.includes('data-bind="required"');
    });
    expectProblem(await ask('POST', tokenOf(saleId), { bearer: ticket }), 'proof-invalid');
    const cookie = `fg_place_${saleId}=${ticket}`;
    const form = await edge.raw(`/sales/${saleId}/buy`, { method: 'POST', headers: { cookie } });
    expect(form.status).toBe(401);
    const key = newProofKey();
    const joining = await ask('POST', placeOf(saleId), { bearer: ticket, key });
    const { ticket: bound } = answered(joining, 200, joinShape);
    const taken = await ask('POST', tokenOf(saleId), { bearer: bound, proof: key });
    expect(decodeJwt(answered(taken, 200, tokenShape).token).cnf).toEqual({ jkt: key.jkt });
  });

  test('binds a place that was unbound when it joins again with a key', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket, place } = await edge.join(saleId);
    expect(jktOf(ticket)).toBeUndefined();
    const key = newProofKey();
    const again = await ask('POST', placeOf(saleId), { bearer: ticket, key });
    const bound = answered(again, 200, joinShape);
    expect([bound.place.number, jktOf(bound.ticket)]).toEqual([place.number, key.jkt]);
  });

  test('refuses a key that is none, or private', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { jwk } = newProofKey();
    const bad = [
      { ...jwk, x: 'A'.repeat(43) },
      { ...jwk, d: 'AAAA' },
      { kty: 'oct', k: 'AAAA' },
    ];
    for (const publicKey of bad) {
      const json = { publicKey };
      const refused = await edge.raw(placeOf(saleId), { method: 'POST', json });
      expect(mistakePaths(expectProblem(refused, 'invalid-request'))[0]).toMatch(/^publicKey/);
    }
  });
});
