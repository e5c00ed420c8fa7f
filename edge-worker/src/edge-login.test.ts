import { createHmac } from 'node:crypto';
import { makeProof, newProofKey, type ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { type Answer, answered } from '../../e2e/support/http.ts';
import { type LoginServer, startLogin } from '../../e2e/support/login-server.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape, pollShape, tokenShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let process_: EdgeProcess;
let rooms: Rooms;
let edge: EdgeClient;
let login: LoginServer;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  login = await startLogin();
  process_ = await startEdge({ redisUrl });
  rooms = roomsIn(redisUrl);
  edge = edgeClient(process_.url);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await process_?.stop();
  await login?.stop();
});

const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;
const settingOf = ({ jwksUrl, issuer, audience }: LoginServer, required = true) => {
  return { jwksUrl, issuer, audience, required };
};
const openFor = (from: LoginServer, required = true, admitPerMinute = 0) =>
  rooms.open({ admitPerMinute }, undefined, { identity: settingOf(from, required) });

type Given = { bearer?: string; cookie?: string; key?: ProofKey; identity?: string };
async function join(saleId: string, given: Given = {}): Promise<Answer> {
  const { bearer, cookie, key, identity } = given;
  return await edge.raw(placeOf(saleId), {
    method: 'POST',
    json: { ...(key && { publicKey: key.jwk }), ...(identity && { identity }) },
    ...(bearer === undefined ? {} : { bearer }),
    headers: cookie ? { cookie } : {},
  });
}
async function take(saleId: string, bearer: string, proof?: ProofKey): Promise<Answer> {
  const path = `${placeOf(saleId)}/token`;
  const made =
    proof && makeProof(proof, { method: 'POST', url: `${process_.url}${path}`, token: bearer });
  return await edge.raw(path, { method: 'POST', bearer, headers: made ? { dpop: made } : {} });
}
const shownIdentity = async (saleId: string): Promise<unknown> =>
  JSON.parse((await edge.raw(`/api/sales/${saleId}`)).text).identity;
const admitted = (saleId: string, bearer: string) =>
  waitFor('the admission', 5, async () => {
    const polled = await edge.raw(placeOf(saleId), { bearer });
    return answered(polled, 200, pollShape).place.state === 'admitted';
  });

describe('a sale that asks for a login', () => {
  test('has one place for a person, on every device, and another one for another person', async () => {
    const saleId = await openFor(login);
    const first = answered(
      await join(saleId, { identity: await login.token('anna') }),
      201,
      joinShape,
    );
    const again = await join(saleId, { identity: await login.token('anna') });
    expect(answered(again, 200, joinShape).place.number).toBe(first.place.number);
    const other = await join(saleId, { identity: await login.token('ben') });
    expect(answered(other, 201, joinShape).place.number).not.toBe(first.place.number);
    const { sub } = decodeJwt(first.ticket);
    expect(sub).toMatch(/^[\w-]{22}$/);
    expect(Buffer.from(first.ticket.split('.')[1] ?? '', 'base64url').toString()).not.toContain(
      'anna',
    );
    // With the ticket no login is needed again.
    const kept = await join(saleId, { bearer: first.ticket });
    expect(answered(kept, 200, joinShape).place.number).toBe(first.place.number);
  });

  test('has none without one: not by API, form, or the cookie of another sale', async () => {
    const open = await rooms.open({ admitPerMinute: 0 });
    const elsewhere = await join(open);
    const cookie = elsewhere.headers
      .getSetCookie()
      .map((it) => it.split(';')[0])
      .join('; ');
    const saleId = await openFor(login);
    for (const given of [{}, { cookie }]) {
      const refused = await join(saleId, given);
      expectProblem(refused, 'unauthorized');
      expect(refused.headers.get('www-authenticate')).toContain('login');
    }
    const form = await edge.raw(`/sales/${saleId}/join`, { method: 'POST' });
    expect(form.status).toBe(401);
    expect(await shownIdentity(saleId)).toEqual({ issuer: login.issuer, required: true });
  });

  test('takes no token of another shop, for another audience, out of its time, or by no key', async () => {
    const saleId = await openFor(login);
    const now = Math.floor(Date.now() / 1_000);
    const stranger = await startLogin();
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { sub: 'anna', iss: login.issuer, aud: login.audience, exp: now + 60 };
    const { kid } = login.publicKey();
    const unsigned = `${part({ alg: 'none', kid })}.${part(claims)}.`;
    // The public key as the secret of an HMAC (RFC 8725 section 2.1).
    const head = `${part({ alg: 'HS256', kid })}.${part(claims)}`;
    const secret = JSON.stringify(login.publicKey());
    const mac = createHmac('sha256', secret).update(head).digest('base64url');
    const bad = [
      await login.token('anna', { iss: 'https://other.example' }),
      await login.token('anna', { aud: 'shop' }),
      await login.token('anna', { exp: now - 10 }),
      await login.token('anna', { nbf: now + 60 }),
      await login.token('', {}),
      await login.token('a'.repeat(257)),
      await stranger.token('anna', {}, { kid: kid ?? '' }),
      await stranger.token('anna'),
      unsigned,
      `${head}.${mac}`,
      'nonsense',
    ];
    await stranger.stop();
    for (const identity of bad) {
      const refused = await join(saleId, { identity });
      expectProblem(refused, 'token-invalid');
      expect(refused.text).not.toContain('anna');
    }
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(0);
  });

  test('gives a purchase token to a ticket that was got by a login alone', async () => {
    const saleId = await rooms.open({ admitPerMinute: 60_000 });
    const anonymous = await edge.join(saleId);
    const known = answered(await join(saleId), 201, joinShape);
    await admitted(saleId, anonymous.ticket);
    await admitted(saleId, known.ticket);
    await rooms.open({ admitPerMinute: 60_000 }, saleId, { identity: settingOf(login) });
    await waitFor('the setting', 3, async () => (await shownIdentity(saleId)) !== undefined);
    expectProblem(await take(saleId, anonymous.ticket), 'unauthorized');
    const form = await edge.raw(`/sales/${saleId}/buy`, {
      method: 'POST',
      headers: { cookie: `fg_place_${saleId}=${anonymous.ticket}` },
    });
    expect(form.status).toBe(401);
    const person = await join(saleId, { identity: await login.token('carl') });
    const { ticket } = answered(person, 201, joinShape);
    await admitted(saleId, ticket);
    const { token } = answered(await take(saleId, ticket), 200, tokenShape);
    const { sub, identity } = decodeJwt(token);
    expect([sub, identity]).toEqual([decodeJwt(ticket).sub, decodeJwt(ticket).sub]);
  });
});

describe('a place that is joined for by login on another device', () => {
  test('is bound to that device from then on: the other one is told so, and takes no token', async () => {
    const saleId = await openFor(login, true, 60_000);
    const [old, next] = [newProofKey(), newProofKey()];
    const identity = await login.token('emma');
    const first = answered(await join(saleId, { identity, key: old }), 201, joinShape);
    await admitted(saleId, first.ticket);
    const moved = answered(await join(saleId, { identity, key: next }), 200, joinShape);
    expect(moved.place.number).toBe(first.place.number);
    expect(decodeJwt(moved.ticket)).toMatchObject({
      jkt: next.jkt,
      sub: decodeJwt(first.ticket).sub,
    });
    const refused = await take(saleId, first.ticket, old);
    expect(expectProblem(refused, 'proof-invalid').detail).toContain('moved to by login');
    // Nor does a ticket alone move it back, without the login.
    expectProblem(await join(saleId, { bearer: first.ticket, key: old }), 'proof-invalid');
    // Only the place's page is still shown.
    expect((await edge.poll(saleId, first.ticket)).number).toBe(first.place.number);
    const { token } = answered(await take(saleId, moved.ticket, next), 200, tokenShape);
    expect(decodeJwt(token).cnf).toEqual({ jkt: next.jkt });
    // Back again, and it is the same admission.
    const back = answered(await join(saleId, { identity, key: old }), 200, joinShape);
    const again = answered(await take(saleId, back.ticket, old), 200, tokenShape);
    expect(decodeJwt(again.token).jti).toBe(decodeJwt(token).jti);
    expectProblem(await take(saleId, moved.ticket, next), 'proof-invalid');
  });

  test('is not to be had by the login of another person', async () => {
    const saleId = await openFor(login);
    const first = answered(
      await join(saleId, { identity: await login.token('fred') }),
      201,
      joinShape,
    );
    const identity = await login.token('gina');
    const other = await join(saleId, { bearer: first.ticket, identity });
    expect(answered(other, 201, joinShape).place.number).not.toBe(first.place.number);
    expect((await edge.poll(saleId, first.ticket)).number).toBe(first.place.number);
  });
});

describe('a sale that trusts a login, and asks for none', () => {
  test('has places for both, and a token that is no good is refused all the same', async () => {
    const saleId = await openFor(login, false);
    answered(await join(saleId), 201, joinShape);
    answered(await join(saleId, { identity: await login.token('dora') }), 201, joinShape);
    expectProblem(await join(saleId, { identity: 'a.b.c' }), 'token-invalid');
  });

  test('and one that trusts none ignores it', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    answered(await join(saleId, { identity: 'a.b.c' }), 201, joinShape);
  });
});

describe('a login', () => {
  test.each(['RS256', 'PS256', 'EdDSA'])('may sign by %s', async (alg) => {
    const one = await startLogin(alg);
    const saleId = await openFor(one);
    answered(await join(saleId, { identity: await one.token('anna') }), 201, joinShape);
    await one.stop();
  });

  test('whose keys cannot be had refuses joins for now, loses nobody, and is back by itself', async () => {
    const away = await startLogin();
    const identity = await away.token('anna');
    const saleId = await openFor(away, true, 0);
    const elsewhere = await startLogin();
    const faults: Parameters<LoginServer['answer']>[0][] = [
      (response) => response.writeHead(500).end(),
      // Also where it leads to a set with the right key.
      (response) => response.writeHead(302, { location: elsewhere.jwksUrl }).end(),
      (response) => response.end('<html>'),
      (response) => response.end(JSON.stringify({ keys: [], more: 'x'.repeat(70_000) })),
    ];
    elsewhere.answer((response) => response.end(JSON.stringify({ keys: [away.publicKey()] })));
    for (const fault of faults) {
      away.answer(fault);
      const before = away.requests();
      // Each fault is met by a fetch of its own: after the pause that follows a failure.
      await waitFor('another fetch', 5, async () => {
        expectProblem(await join(saleId, { identity }), 'unavailable');
        return away.requests() > before;
      });
    }
    expect(elsewhere.requests()).toBe(0);
    away.answer(null);
    const back = await waitFor('the login', 5, async () => {
      const answer = await join(saleId, { identity });
      return answer.status === 201 ? answer : undefined;
    });
    const { ticket } = answered(back, 201, joinShape);
    // With the keys at hand, its absence is not noticed.
    await away.stop();
    answered(await edge.raw(placeOf(saleId), { bearer: ticket }), 200, pollShape);
    answered(await join(saleId, { identity }), 200, joinShape);
    await elsewhere.stop();
  });
});
