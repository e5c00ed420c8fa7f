import { type FairgateClientOptions, fairgateClient } from '@fairgate/shared/client';
import { memoryStorage } from '@fairgate/shared/client/storage';
import type { News } from '@fairgate/shared/client/waiting.ts';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { altchaShape, solveAltcha } from './support/altcha.ts';
import { openBrowser } from './support/browser.ts';
import { cards } from './support/checkout-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const clientOf = (options: Partial<FairgateClientOptions> = {}) =>
  fairgateClient({ origin: stack.info().edgeUrl, ...options });
type Client = ReturnType<typeof clientOf>;

async function admitted(client: Client, saleId: string): Promise<News[]> {
  const news: News[] = [];
  for await (const one of client.wait(saleId)) news.push(one);
  return news;
}

async function tokenOf(client: Client, saleId: string): Promise<string> {
  await client.join(saleId);
  await admitted(client, saleId);
  return (await client.token(saleId)).token;
}

test('the client goes a shopper’s whole way, with a key of its own, to the paid order', async () => {
  const { control, edge } = stack;
  const { saleId, productId, name } = await openSale(control, edge, {
    units: 3,
    room: { ...openDoors, bindTokens: 'required' },
  });
  const client = clientOf();
  expect(await client.sale(saleId)).toMatchObject({ name, state: 'open' });
  let isListed = false;
  for await (const page of client.sales({ limit: 2 })) {
    expect(page.length).toBeLessThanOrEqual(2);
    isListed ||= page.some(({ id }) => id === saleId);
    if (isListed) break;
  }
  expect(isListed).toBe(true);
  const { place } = await client.join(saleId);
  expect((await client.join(saleId)).place.number).toBe(place.number);
  expect((await admitted(client, saleId)).at(-1)).toMatchObject({ place: { state: 'admitted' } });
  const { token } = await client.token(saleId);
  const wish = { token, items: [{ productId, quantity: 1 }] };
  const { order } = await client.redeem(wish);
  expect(order).toMatchObject({ saleId, state: 'awaiting_payment', totalMinor: 2_500 });
  expect((await client.redeem(wish)).order.id).toBe(order.id);
  expect((await client.extend(order.id)).payBefore > order.payBefore).toBe(true);
  const states: string[] = [];
  for await (const { state } of client.orderEvents(order.id)) {
    if (states.length === 0) await client.pay(order.id, { provider: 'sandbox', card: cards.pays });
    states.push(state);
  }
  expect([states[0], states.at(-1)]).toEqual(['awaiting_payment', 'paid']);
  expect(await client.order(order.id)).toMatchObject({ state: 'paid' });
});

test('a network that is away for a while costs neither the place nor a second order', async () => {
  const { control, edge } = stack;
  const room = { ...openDoors, admitPerMinute: 0 };
  const { saleId, productId } = await openSale(control, edge, { units: 3, room });
  let lost = 0;
  const network: typeof fetch = async (...request) => {
    if (lost <= 0) return await fetch(...request);
    lost -= 1;
    // The request arrives, and its answer does not.
    if (lost % 2 === 0) await fetch(...request);
    throw new TypeError('Network request failed');
  };
  const storage = memoryStorage();
  const client = clientOf({ fetch: network, storage, pauses: quick });
  const { place } = await client.join(saleId);
  lost = 3;
  const kinds: string[] = [];
  for await (const news of client.wait(saleId)) {
    kinds.push(news.kind);
    if (kinds.length === 5) await control.setRoom(saleId, openDoors);
    expect(news.place?.number ?? place.number).toBe(place.number);
  }
  expect(kinds.slice(0, 4)).toEqual(['trouble', 'trouble', 'trouble', 'place']);
  const { token } = await client.token(saleId);
  lost = 3;
  const { order } = await client.redeem({ token, items: [{ productId, quantity: 1 }] });
  // As an app that was started anew with what it had stored.
  const restarted = clientOf({ storage });
  expect(await restarted.order(order.id)).toMatchObject({ id: order.id });
  expect((await control.orders(saleId)).map(({ id }) => id)).toEqual([order.id]);
  expect(await restarted.cancel(order.id)).toMatchObject({ state: 'cancelled' });
});

test('a clock that is hours off makes proofs that count, by the time of the answers', async () => {
  const { control, edge } = stack;
  const room = { ...openDoors, bindTokens: 'required' } as const;
  const { saleId, productId } = await openSale(control, edge, { units: 3, room });
  const client = clientOf({ pauses: { ...quick, now: () => Date.now() + 7_200_000 } });
  const token = await tokenOf(client, saleId);
  const { order } = await client.redeem({ token, items: [{ productId, quantity: 1 }] });
  expect(order.state).toBe('awaiting_payment');
});

test('refusals are errors with the slug, the detail and the time that the answer tells', async () => {
  const { control, edge } = stack;
  const { saleId, productId } = await openSale(control, edge, { units: 3 });
  const client = clientOf();
  const token = await tokenOf(client, saleId);
  const wish = { token, items: [{ productId, quantity: 1 }] };
  const { order } = await client.redeem(wish);
  const more = { ...wish, items: [{ productId, quantity: 2 }] };
  await expect(client.redeem(more)).rejects.toMatchObject({
    name: 'FairgateProblem',
    slug: 'token-already-redeemed',
    status: 409,
    members: { orderId: order.id },
  });
  await expect(client.redeem({ ...wish, items: [] })).rejects.toMatchObject({
    slug: 'invalid-request',
    errors: [{ path: 'items' }],
  });
  await expect(clientOf().poll(saleId)).rejects.toMatchObject({ slug: 'unauthorized' });
  await expect(client.sale('sale_00000000000000000000000000')).rejects.toMatchObject({
    slug: 'not-found',
  });
  const nowhere = clientOf({ origin: 'http://127.0.0.1:9' });
  await expect(nowhere.sale(saleId)).rejects.toMatchObject({ name: 'FairgateUnreachable' });
});

test('a challenge is solved by the callback, at joining and at the token; leaving ends the place', async () => {
  const { control, edge } = stack;
  const room = { ...openDoors, challenge: 'altcha', challengeAt: ['join', 'token'] } as const;
  const { saleId } = await openSale(control, edge, {
    units: 2,
    room: { ...room, challengeAt: [...room.challengeAt] },
  });
  await expect(clientOf().join(saleId)).rejects.toMatchObject({ slug: 'challenge-required' });
  const steps: string[] = [];
  const client = clientOf({
    solveChallenge: async (challenge, step) => {
      steps.push(step);
      return solveAltcha(altchaShape.parse(challenge));
    },
  });
  const token = await tokenOf(client, saleId);
  expect(token.split('.')).toHaveLength(3);
  expect(steps).toEqual(['join', 'token']);
  await client.notices(saleId, { email: 'shopper@example.org', language: 'de' });
  await client.notices(saleId, { email: null });
  await expect(client.notices(saleId, { email: 'nobody' })).rejects.toMatchObject({
    slug: 'invalid-request',
    errors: [{ path: 'email' }],
  });
  await client.leave(saleId);
  await expect(client.poll(saleId)).rejects.toMatchObject({ slug: 'unauthorized' });
});

test('it runs in a real browser, and a page that is opened anew has the place and the key again', async () => {
  const { control, edge } = stack;
  const room = { ...openDoors, admitPerMinute: 0, bindTokens: 'required' } as const;
  const { saleId, productId } = await openSale(control, edge, { units: 2, room });
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  // The page's own policy lets nothing in but its own scripts; an app has its own page.
  const page = await (await browser.newContext({ bypassCSP: true })).newPage();
  const open = async () => {
    await page.goto(`${stack.info().edgeUrl}/`);
    await page.addScriptTag({ content: keptPair });
    await page.addScriptTag({ content: await bundled() });
  };
  await open();
  const number = await page.evaluate(`joinHere(${JSON.stringify(saleId)})`);
  await open();
  expect(await page.evaluate(`joinHere(${JSON.stringify(saleId)})`)).toBe(number);
  await control.setRoom(saleId, openDoors);
  const states = await page.evaluate(
    `buyHere(${JSON.stringify(saleId)}, ${JSON.stringify(productId)})`,
  );
  expect(states).toEqual(['awaiting_payment', 'paid']);
});

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL('./support/client-in-browser.ts', import.meta.url).pathname],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** The first key pair that this browser was given, from IndexedDB. */
const keptPair = `globalThis.keptPair = (fresh) => new Promise((resolve, reject) => {
  const opening = indexedDB.open('app', 1);
  opening.onerror = () => reject(opening.error);
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
  opening.onsuccess = () => {
    const keys = opening.result.transaction('keys', 'readwrite').objectStore('keys');
    const found = keys.get('proof');
    found.onsuccess = () => {
      if (found.result !== undefined) return resolve(found.result);
      keys.put(fresh, 'proof').onsuccess = () => resolve(fresh);
    };
  };
});`;

/** Pauses of a tenth, so that the test need not wait as a shopper does. */
const quick = {
  now: () => Date.now(),
  random: () => 0,
  // The client's own pause between its polls, ten times as fast; no test waits by it.
  pause: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 10)),
};
