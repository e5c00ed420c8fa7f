import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsOf, type Standing } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const shoppers = 200;

test('200 places joined one after another know who is ahead, and are admitted in that order', async () => {
  const { edge, control } = stack;
  const room = { ...openDoors, admitPerMinute: 0 };
  const { saleId } = await openSale(control, edge, { units: 500, room });
  const line: Standing[] = [];
  for (let i = 0; i < shoppers; i += 1) line.push(await edge.join(saleId));
  const numbers = line.map(({ place }) => place.number);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(new Set(numbers).size).toBe(shoppers);

  await waitFor('a snapshot with all of them', 5, async () => {
    return (await edge.sale(saleId)).waiting === shoppers;
  });
  const polls = await Promise.all(line.map(({ ticket }) => edge.poll(saleId, ticket)));
  expect(polls.map(({ state }) => state)).toEqual(line.map(() => 'waiting'));
  expect(polls.map(({ ahead }) => ahead)).toEqual(line.map((_, i) => i));
  expect(polls.map(({ behind }) => behind)).toEqual(line.map((_, i) => shoppers - 1 - i));
  expect(polls.map(({ number }) => number)).toEqual(numbers);

  await control.setRoom(saleId, { admitPerMinute: 1_200 });
  const sizes = await sweepUntilAllIn(saleId, line);
  expect(sizes.filter((size) => size > 0 && size < shoppers).length).toBeGreaterThan(1);

  const admitted = await Promise.all(line.map(({ ticket }) => edge.poll(saleId, ticket)));
  const until = admitted.map((place) => place.admittedUntil ?? '');
  expect(until).toEqual([...until].sort());
  expect(new Set(until).size).toBeGreaterThan(3);
  const tokens = await Promise.all(line.map(({ ticket }) => edge.takeToken(saleId, ticket)));
  const claims = tokens.map(({ token }) => claimsOf(token));
  expect(claims.map(({ number }) => number)).toEqual(numbers);
  const issued = claims.map(({ iat }) => iat);
  expect(issued).toEqual([...issued].sort((a, b) => a - b));
});

/**
 * Polls from the last to the first, over and over: whoever is asked later stands further ahead, so
 * after one who is in, nobody may still be waiting. Returns how many were in at each sweep.
 */
async function sweepUntilAllIn(saleId: string, line: Standing[]): Promise<number[]> {
  const sizes: number[] = [];
  await waitFor('all being admitted', 40, async () => {
    const states: boolean[] = [];
    for (const { ticket } of [...line].reverse()) {
      const { state } = await stack.edge.poll(saleId, ticket);
      states.unshift(state === 'admitted');
    }
    const size = states.filter(Boolean).length;
    expect(states.slice(0, size).every(Boolean)).toBe(true);
    sizes.push(size);
    return size === line.length;
  });
  return sizes;
}

test('a visitor who joins again keeps the place, and one who left stands at the end', async () => {
  const { edge, control } = stack;
  const room = { ...openDoors, admitPerMinute: 0 };
  const { saleId } = await openSale(control, edge, { units: 5, room });
  const first = await edge.join(saleId);
  await edge.join(saleId);
  const path = `/api/sales/${saleId}/place`;
  const again = await edge.raw(path, { method: 'POST', json: {}, bearer: first.ticket });
  expect(again.status).toBe(200);
  expect(JSON.parse(again.text).place.number).toBe(first.place.number);

  await edge.leave(saleId, first.ticket);
  await waitFor('the place having left', 6, async () => {
    return (await edge.poll(saleId, first.ticket)).state === 'left';
  });
  const anew = await edge.raw(path, { method: 'POST', json: {}, bearer: first.ticket });
  expect(anew.status).toBe(201);
  expect(JSON.parse(anew.text).place.number).toBeGreaterThan(first.place.number + 1);
});
