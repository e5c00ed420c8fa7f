import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy } from './support/checkout-client.ts';
import { newToken, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { holdsFor, waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const join = (saleId: string) => ({ path: `/api/sales/${saleId}/place`, method: 'POST', json: {} });

test.concurrent('pause stops admissions at once, resume goes on, and close ends joining but no order', async () => {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, admitPerMinute: 600 };
  const sale = await openSale(control, edge, { units: 400, room });
  const { saleId, productId } = sale;
  const line = await mapBounded(Array.from({ length: 150 }), 20, () => edge.join(saleId));
  const token = await tokenWhenAdmitted(edge, saleId, line[0]!.ticket);
  const { order, orderKey } = await checkout.redeem({ token, productId });

  expect(await control.move(saleId, 'pause')).toBe('paused');
  const { admittedTotal } = await control.figures(saleId);
  expect(admittedTotal).toBeGreaterThan(0);
  expect(admittedTotal).toBeLessThan(line.length);
  await holdsFor(2.5, async () => {
    expect((await control.figures(saleId)).admittedTotal).toBe(admittedTotal);
  });
  expect((await edge.sale(saleId)).state).toBe('paused');
  // Whoever was let in before buys all the same.
  await checkout.pay(order.id, orderKey);

  expect(await control.move(saleId, 'resume')).toBe('open');
  await waitFor('admissions going on', 5, async () => {
    return (await control.figures(saleId)).admittedTotal > admittedTotal;
  });

  const issued = await tokenWhenAdmitted(edge, saleId, line[1]!.ticket);
  expect(await control.move(saleId, 'close')).toBe('closed');
  const { path, ...call } = join(saleId);
  await waitFor('the edge knowing', 2, async () => (await edge.sale(saleId)).state === 'closed');
  expectProblem(await edge.raw(path, call), 'sale-not-open');
  await buy(checkout, { token: issued, productId });
  expect(await stack.addsUp(sale)).toMatchObject({ orders: 2, paid: 2, sold: 2 });
});

test.concurrent('what an admin sets is seen by shoppers within 2 s', async () => {
  const { edge, control } = stack;
  const room = { ...openDoors, admitPerMinute: 0 };
  const { saleId } = await openSale(control, edge, { units: 5, room });
  const { ticket } = await edge.join(saleId);
  await control.setRoom(saleId, { message: 'Doors at eight.', admitPerMinute: 1 });
  await waitFor('the message', 2, async () => {
    const [sale, place] = [await edge.sale(saleId), await edge.poll(saleId, ticket)];
    return sale.message === 'Doors at eight.' && place.message === 'Doors at eight.';
  });
  expect((await edge.sale(saleId)).admitPerMinute).toBe(1);
  expect((await control.figures(saleId)).settings).toMatchObject({
    message: 'Doors at eight.',
    admitPerMinute: 1,
    tokenSeconds: openDoors.tokenSeconds,
  });
});

test.concurrent('admission never passes the rate with its burst, nor maxActive', async () => {
  const { edge, control } = stack;
  const room = { ...openDoors, admitPerMinute: 0, maxActive: 20 };
  const sale = await openSale(control, edge, { units: 100, room });
  await mapBounded(Array.from({ length: 60 }), 20, () => edge.join(sale.saleId));
  const startedMs = Date.now();
  await control.setRoom(sale.saleId, { admitPerMinute: 300 });
  const seen = new Set<number>();
  await waitFor('maxActive being reached', 15, async () => {
    const { admittedTotal, active } = await control.figures(sale.saleId);
    // 5 a second, with 5 at once for the burst.
    const passedSeconds = (Date.now() - startedMs) / 1_000;
    expect(admittedTotal).toBeLessThanOrEqual(5 * passedSeconds + 5);
    seen.add(active);
    return active === 20;
  });
  expect([...seen].some((active) => active > 0 && active < 20)).toBe(true);
  await holdsFor(2, async () => {
    expect((await control.figures(sale.saleId)).active).toBe(20);
  });
});

test.concurrent('a sale opens by itself at its start, closes at its end, and has a lobby in arrival order', async () => {
  const { edge, control } = stack;
  const productId = await control.createProduct({
    name: 'Scheduled',
    stock: 10,
    priceMinor: 100,
    currency: 'EUR',
  });
  const saleId = await control.createSale({
    name: 'By the clock',
    productIds: [productId],
    startsAt: new Date(Date.now() + 4_000).toISOString(),
    endsAt: new Date(Date.now() + 10_000).toISOString(),
    publish: true,
    room: { ...openDoors, lobbySeconds: 60 },
  });
  await waitFor('the lobby', 3, async () => (await edge.sale(saleId)).state === 'lobby');
  const line = await mapBounded([1, 2, 3], 1, () => edge.join(saleId));
  expect(line.map(({ place }) => place.state)).toEqual(['lobby', 'lobby', 'lobby']);
  const early = await edge.raw(`/api/sales/${saleId}/place/token`, {
    method: 'POST',
    bearer: line[0]!.ticket,
  });
  expectProblem(early, 'not-admitted');
  const tokens = await mapBounded(line, 1, ({ ticket }) =>
    tokenWhenAdmitted(edge, saleId, ticket, 10),
  );
  expect(new Set(tokens).size).toBe(3);
  expect((await control.figures(saleId)).admittedTotal).toBe(3);
  await waitFor('the end', 12, async () => (await edge.sale(saleId)).state === 'closed');
  const { path, ...call } = join(saleId);
  expectProblem(await edge.raw(path, call), 'sale-not-open');
});

test.concurrent('a draft is not public, and publishing shows it', async () => {
  const { edge, control } = stack;
  const productId = await control.createProduct({
    name: 'Draft',
    stock: 1,
    priceMinor: 100,
    currency: 'EUR',
  });
  const saleId = await control.createSale({
    name: 'Not yet',
    productIds: [productId],
    startsAt: new Date(Date.now() - 1_000).toISOString(),
    room: openDoors,
  });
  const listed = async () =>
    (await edge.raw('/api/sales?limit=100')).text.includes(saleId) ||
    (await edge.raw('/')).text.includes(saleId);
  expectProblem(await edge.raw(`/api/sales/${saleId}`), 'not-found');
  const { path, ...call } = join(saleId);
  expectProblem(await edge.raw(path, call), 'not-found');
  expect(await listed()).toBe(false);
  await control.move(saleId, 'publish');
  await waitFor('the sale being public', 2, async () => {
    return (await edge.raw(`/api/sales/${saleId}`)).status === 200;
  });
  await waitFor('the sale being listed', 2, listed);
  await newToken(edge, saleId);
});
