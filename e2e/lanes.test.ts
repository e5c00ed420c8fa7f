import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openBrowser, openTab } from './support/browser.ts';
import { claimsOf, type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type Answer, answered } from './support/http.ts';
import { startLogin } from './support/login-server.ts';
import { expectProblem } from './support/problem.ts';
import { emptyRedis } from './support/redis.ts';
import { joinShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.whole();
  await stack?.close();
});

const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;
const closedDoors = { ...openDoors, admitPerMinute: 0 };
const passesShape = z.object({ id: z.string(), passes: z.array(z.string()) });

async function makePasses(saleId: string, count: number): Promise<string[]> {
  const json = { lane: 'priority', count };
  const answer = await stack.control.raw(`/v1/sales/${saleId}/passes`, { method: 'POST', json });
  return answered(answer, 201, passesShape).passes;
}

async function join(saleId: string, json: object): Promise<Answer> {
  return await stack.edge.raw(placeOf(saleId), { method: 'POST', json });
}

async function revoke(saleId: string, json: object): Promise<Answer> {
  return await stack.control.raw(`/v1/sales/${saleId}/revoke`, { method: 'POST', json });
}

const lineShape = z.object({
  kind: z.string(),
  lane: z.enum(['main', 'priority']),
  number: z.number(),
  at: z.number(),
});
async function admittedInLog(saleId: string): Promise<z.infer<typeof lineShape>[]> {
  const { text } = await stack.edge.raw(`/api/sales/${saleId}/fairness/log`);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => lineShape.parse(JSON.parse(line)))
    .filter(({ kind }) => kind === 'admitted');
}

/** How many of each lane are let in when a pass ends; all of one pass are let in at one time. */
function afterEachPass(admitted: z.infer<typeof lineShape>[]) {
  const count = { main: 0, priority: 0 };
  return admitted.flatMap(({ lane, at }, i) => {
    count[lane] += 1;
    return admitted[i + 1]?.at === at ? [] : [{ ...count }];
  });
}

test('two lanes are let in each in its order, by their share, and the public report shows both', async () => {
  const { edge, control } = stack;
  const room = { ...closedDoors, laneShare: { priority: 0.75 } };
  const { saleId } = await openSale(control, edge, { units: 200, room });
  const passes = await makePasses(saleId, 30);
  const places: Standing[] = [];
  for (let i = 0; i < 40; i += 1) places.push(await edge.join(saleId));
  for (const pass of passes) {
    const joined = answered(await join(saleId, { pass }), 201, joinShape);
    expect(joined.place.lane).toBe('priority');
    places.push(joined);
  }
  await control.setRoom(saleId, { admitPerMinute: 1_200 });
  await waitFor('all being let in', 20, async () => {
    const states = await Promise.all(places.map(({ ticket }) => edge.poll(saleId, ticket)));
    return states.every(({ state }) => state === 'admitted');
  });
  const admitted = await waitFor('the log of it', 5, async () => {
    const lines = await admittedInLog(saleId);
    return lines.length === places.length ? lines : undefined;
  });
  for (const lane of ['main', 'priority']) {
    const numbers = admitted.filter((line) => line.lane === lane).map(({ number }) => number);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
  // Three of four of each pass while both wait, give or take one over all of them.
  const whileBothWait = afterEachPass(admitted).filter(
    ({ main, priority }) => main < 40 && priority < 30,
  );
  expect(whileBothWait.length).toBeGreaterThan(0);
  for (const { main, priority } of whileBothWait) {
    expect(Math.abs(priority - 0.75 * (main + priority))).toBeLessThanOrEqual(1);
  }
  await waitFor('the report', 5, async () => {
    const report = JSON.parse((await edge.raw(`/api/sales/${saleId}/fairness`)).text);
    expect(report).toMatchObject({
      inversions: 0,
      lanes: {
        main: { joined: 40, admitted: 40, inversions: 0 },
        priority: { joined: 30, admitted: 30, inversions: 0 },
      },
    });
    return true;
  });
});

test('a pass lets in one of two who use it at once, and nobody after them', async () => {
  const { edge, control } = stack;
  const { saleId } = await openSale(control, edge, { units: 5, room: closedDoors });
  const [pass = '', other = ''] = await makePasses(saleId, 2);
  const both = await Promise.all([join(saleId, { pass }), join(saleId, { pass })]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  expectProblem(await join(saleId, { pass }), 'conflict');
  expect((await join(saleId, { pass: other })).status).toBe(201);
  const elsewhere = await openSale(control, edge, { units: 5, room: closedDoors });
  const foreign = expectProblem(await join(elsewhere.saleId, { pass }), 'invalid-request');
  expect(foreign.errors).toMatchObject([{ path: 'pass' }]);
});

test('revoked tokens buy nothing from the answer on, their places nothing within 2 s, and others go on', async () => {
  const { edge, control, checkout } = stack;
  const sale = await openSale(control, edge, { units: 20, room: openDoors });
  const { saleId, productId } = sale;
  const taken: { standing: Standing; token: string }[] = [];
  for (let i = 0; i < 6; i += 1) {
    const standing = await edge.join(saleId);
    taken.push({ standing, token: await tokenWhenAdmitted(edge, saleId, standing.ticket) });
  }
  const redeem = (i: number) => checkout.tryRedeem({ token: taken[i]!.token, productId });
  const isPlaceRevoked = async (i: number) => {
    const polled = await edge.raw(placeOf(saleId), { bearer: taken[i]!.standing.ticket });
    const again = await edge.raw(`${placeOf(saleId)}/token`, {
      method: 'POST',
      bearer: taken[i]!.standing.ticket,
    });
    return [polled, again].every(({ text }) => text.includes(':token-revoked'));
  };
  const [one, , third, fourth] = taken.map(({ standing }) => standing.place.number);
  expect([one, third, fourth]).toEqual([1, 3, 4]);

  const { sub: visitor } = claimsOf(taken[0]!.token);
  expect((await revoke(saleId, { visitor })).status).toBe(200);
  expectProblem(await redeem(0), 'token-revoked');
  await waitFor('the visitor’s revocation', 2, () => isPlaceRevoked(0));
  expect((await redeem(1)).status).toBe(201);

  expect((await revoke(saleId, { numbers: { from: 3, to: 4 } })).status).toBe(200);
  expectProblem(await redeem(2), 'token-revoked');
  expectProblem(await redeem(3), 'token-revoked');
  await waitFor('the revocation of numbers', 2, async () => {
    return (await isPlaceRevoked(2)) && (await isPlaceRevoked(3));
  });
  expect((await redeem(4)).status).toBe(201);

  expectProblem(await revoke(saleId, { all: true, confirm: 'another sale' }), 'conflict');
  expect((await revoke(saleId, { all: true, confirm: sale.name })).status).toBe(200);
  expectProblem(await redeem(5), 'token-revoked');
  await waitFor('the revocation of all', 2, () => isPlaceRevoked(5));
  // Orders of before stand, and who comes now is let in as ever.
  const later = await edge.join(saleId);
  const token = await tokenWhenAdmitted(edge, saleId, later.ticket);
  expect((await checkout.tryRedeem({ token, productId })).status).toBe(201);
  expect(await stack.addsUp(sale)).toMatchObject({ held: 3, free: 17, orders: 3 });
  const audit = await stack.sql`
    select count(*)::int as n from ledger
    where sale_id = ${saleId} and action = 'places.revoked'`;
  expect(audit[0]?.n).toBe(3);
});

test('a login has one place over two devices', async () => {
  const { edge, control } = stack;
  const login = await startLogin();
  try {
    const { jwksUrl, issuer, audience } = login;
    const room = { ...closedDoors, identity: { jwksUrl, issuer, audience, required: true } };
    const { saleId } = await openSale(control, edge, { units: 5, room });
    expectProblem(await join(saleId, {}), 'unauthorized');
    const first = await join(saleId, { identity: await login.token('hanna') });
    const second = await join(saleId, { identity: await login.token('hanna') });
    const [here, there] = [answered(first, 201, joinShape), answered(second, 200, joinShape)];
    expect(there.place.number).toBe(here.place.number);
    expect((await control.figures(saleId)).joinedTotal).toBe(1);
    await control.setRoom(saleId, { identity: null });
    await waitFor('a sale that asks for no login', 2, async () => {
      return (await join(saleId, {})).status === 201;
    });
  } finally {
    await login.stop();
  }
});

test('a shop’s link brings a pass in its fragment, which is gone from the address at once', async () => {
  const { edge, control } = stack;
  const { edgeUrl } = stack.info();
  const { saleId } = await openSale(control, edge, { units: 5, room: closedDoors });
  const [pass = ''] = await makePasses(saleId, 1);
  const { page, faults, close } = await openTab(browser, { script: true, origins: [edgeUrl] });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${edgeUrl}/sales/${saleId}#pass=${pass}`);
  await page.getByLabel('Pass').waitFor();
  expect(page.url()).toBe(`${edgeUrl}/sales/${saleId}`);
  expect(await page.getByLabel('Pass').inputValue()).toBe(pass);
  await page.getByRole('button', { name: 'Join the line' }).click();
  await page.getByText('In the priority lane').waitFor();
  expect(asked.filter((url) => url.includes(pass))).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('revocations and spent passes hold when Redis was emptied', async () => {
  const { edge, control, sql } = stack;
  const { saleId } = await openSale(control, edge, { units: 5, room: closedDoors });
  const [pass = ''] = await makePasses(saleId, 1);
  const line: Standing[] = [];
  for (let i = 0; i < 3; i += 1) line.push(await edge.join(saleId));
  line.push(answered(await join(saleId, { pass }), 201, joinShape));
  const [kept, second, third, favoured] = line.map(({ ticket }) => ticket);
  const { sub } = z.object({ sub: z.string() }).parse(JSON.parse(payloadOf(third!)));
  await revoke(saleId, { numbers: { from: 2, to: 2 } });
  await revoke(saleId, { visitor: sub });
  await waitFor('what a room needs to begin again', 10, async () => {
    const [row] = await sql`
      select c.next, (select count(*)::int from spent_passes p where p.sale_id = c.sale_id) as spent
      from room_checkpoints c where c.sale_id = ${saleId}`;
    return Number(row?.next) === 4 && row?.spent === 1;
  });
  await emptyRedis(stack);
  await stack.whole();
  const poll = (ticket: string) => edge.raw(placeOf(saleId), { bearer: ticket });
  const isRevoked = async (ticket: string) => (await poll(ticket)).text.includes(':token-revoked');
  await waitFor('both being refused again', 10, async () => {
    return (await isRevoked(second!)) && (await isRevoked(third!));
  });
  expect(await edge.poll(saleId, kept!)).toMatchObject({ state: 'waiting', number: 1 });
  expect(await edge.poll(saleId, favoured!)).toMatchObject({ lane: 'priority', number: 4 });
  expectProblem(await join(saleId, { pass }), 'conflict');
});

function payloadOf(ticket: string): string {
  return Buffer.from(ticket.split('.')[1] ?? '', 'base64url').toString();
}
