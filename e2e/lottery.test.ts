import { permutation } from '@fairgate/shared/draw/permutation.ts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openBrowser, openTab } from './support/browser.ts';
import { type Drand, startDrand } from './support/drand.ts';
import { claimsOf } from './support/edge-client.ts';
import { openDoors } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { type OwnStack, startTestStack } from './support/own-stack.ts';
import { type Report, runVerifier, settledReport, startForger } from './support/public-order.ts';
import { emptyRedis } from './support/redis.ts';
import { placeShape, saleShape } from './support/shapes.ts';
import { type SharedStack, stackClients } from './support/stack.ts';
import { stopQueueService } from './support/stopped.ts';
import { waitFor } from './support/wait.ts';
import { joinCrowd, type Waiter } from './support/waiting-crowd.ts';

let drand: Drand;
let own: OwnStack;
let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  drand = await startDrand();
  own = await startTestStack({ FAIRGATE_DRAW_RANDOMNESS_URL: drand.url });
  stack = stackClients(own.infoFile);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
  await own?.stop();
  await drand?.close();
});

const drawnShape = z.object({
  place: placeShape.extend({ lobbyNumber: z.int().min(1).optional() }),
});
const lotteryShape = saleShape.extend({
  drawCommitment: z.string().regex(/^[0-9a-f]{64}$/),
  drawSeed: z.string().optional(),
});
type Drawn = z.infer<typeof drawnShape>['place'];

const saleOf = async (saleId: string) =>
  answered(await stack.edge.raw(`/api/sales/${saleId}`), 200, lotteryShape);

async function placeOf(saleId: string, ticket: string): Promise<Drawn> {
  const answer = await stack.edge.raw(`/api/sales/${saleId}/place`, { bearer: ticket });
  return answered(answer, 200, drawnShape).place;
}
const placesOf = (saleId: string, crowd: readonly Waiter[]) =>
  mapBounded(crowd, 20, ({ standing }) => placeOf(saleId, standing.ticket));

/** A published lottery, its lobby open. */
async function aLottery(startsInSeconds: number, admitPerMinute: number): Promise<string> {
  const { control } = stack;
  const price = { priceMinor: 2_500, currency: 'EUR' };
  const productId = await control.createProduct({ name: 'Seat', stock: 500, ...price });
  const saleId = await control.createSale({
    name: 'Drawn',
    mode: 'lottery',
    productIds: [productId],
    startsAt: new Date(Date.now() + startsInSeconds * 1_000).toISOString(),
    publish: true,
    room: { ...openDoors, admitPerMinute, challenge: 'none' },
  });
  await waitFor('the lobby', 5, async () => (await saleOf(saleId)).state === 'lobby');
  return saleId;
}

const byNumber = (crowd: Waiter[]) => crowd.sort((a, b) => a.number - b.number);

async function untilDrawn(saleId: string, [first]: readonly Waiter[], seconds = 12): Promise<void> {
  await waitFor('the draw', seconds, async () => {
    return (await placeOf(saleId, first?.standing.ticket ?? '')).lobbyNumber !== undefined;
  });
}

const entrants = 200;

test('a lottery: committed before, drawn at the start with randomness that nobody knew, in rank order from then on, and checked by anybody', async () => {
  const { edge, control } = stack;
  const saleId = await aLottery(600, 1_500);
  const { drawCommitment, drawSeed: early } = await saleOf(saleId);
  expect(early).toBeUndefined();
  const lobby = byNumber(await joinCrowd(edge, saleId, entrants));
  expect(lobby.map(({ number }) => number)).toEqual(lobby.map((_, i) => i + 1));
  for (const [i, place] of (await placesOf(saleId, lobby.slice(0, 20))).entries()) {
    expect(place).toMatchObject({ state: 'lobby', number: i + 1, ahead: null, behind: null });
    expect(place).toMatchObject({ etaSeconds: null });
    expect(place.lobbyNumber).toBeUndefined();
  }

  expect(await control.move(saleId, 'open')).toBe('open');
  const later = byNumber(await joinCrowd(edge, saleId, 50));
  await untilDrawn(saleId, lobby);
  const report = await settledReport(edge, saleId, (one) => one.drawnAt !== null);
  expect(report).toMatchObject({ mode: 'lottery', drawCommitment, entrants });
  expect(drand.asked.map(drand.randomnessOf)).toContain(report.randomness);
  await waitFor('the seed being public', 5, async () => {
    return (await saleOf(saleId)).drawSeed === report.drawSeed;
  });

  const { rankOf } = permutation(report.drawKey ?? '', entrants);
  const places = await placesOf(saleId, lobby);
  expect(places.map(({ number }) => number)).toEqual(lobby.map((_, i) => rankOf(i + 1)));
  expect(places.map(({ lobbyNumber }) => lobbyNumber)).toEqual(lobby.map((_, i) => i + 1));
  for (const place of await placesOf(saleId, later)) {
    expect(place.lobbyNumber).toBeUndefined();
    expect(place.number).toBeGreaterThan(entrants);
  }
  await allLetInByRank(saleId, [...lobby, ...later]);
  await anybodyCanCheck(saleId, report, rankOf(7));
});

/** Everybody's token bears their rank, and was given to nobody before one of a lower rank. */
async function allLetInByRank(saleId: string, crowd: readonly Waiter[]): Promise<void> {
  const places = await waitFor('everybody being let in', 60, async () => {
    const all = await placesOf(saleId, crowd);
    return all.every(({ state }) => state === 'admitted') && all;
  });
  const order = places.toSorted((a, b) => a.number - b.number);
  const until = order.map(({ admittedUntil }) => admittedUntil ?? '');
  expect(until).toEqual(until.toSorted());
  expect(new Set(until).size).toBeGreaterThan(3);
  const tokens = await mapBounded(crowd, 20, async ({ standing }) =>
    claimsOf((await stack.edge.takeToken(saleId, standing.ticket)).token),
  );
  expect(tokens.map(({ number }) => number)).toEqual(places.map(({ number }) => number));
}

async function anybodyCanCheck(saleId: string, early: Report, rankOf7: number): Promise<void> {
  const { edgeUrl } = stack.info();
  const report = await settledReport(stack.edge, saleId, (one) => one.issued === entrants + 50);
  expect(report).toMatchObject({ inversions: 0, drawKey: early.drawKey, admitted: entrants + 50 });
  const log = await runVerifier('log', edgeUrl, saleId);
  expect(log).toMatchObject({ code: 0, output: expect.stringContaining('inversions: 0') });
  const draw = await runVerifier('draw', edgeUrl, saleId, '7');
  expect(draw.output).toContain(`lobby number 7 has rank ${rankOf7} of ${entrants}`);
  expect(draw.output).toMatch(/the randomness is that of round \d+/);
  expect(draw.code).toBe(0);

  const [seed, randomness] = [report.drawSeed ?? '', report.randomness ?? ''];
  const other = (hex: string) => hex.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  const forgeries: [RegExp, (path: string, text: string) => string][] = [
    [/commitment/, (_, text) => text.replaceAll(seed, other(seed))],
    [/the key is/, (_, text) => text.replaceAll(randomness, other(randomness))],
    [
      /head after line/,
      (path, text) =>
        path.endsWith('/log')
          ? text.replace(
              '"kind":"joined","lane":"main","number":7',
              '"kind":"joined","lane":"main","number":700',
            )
          : text,
    ],
  ];
  for (const [why, change] of forgeries) {
    const forger = await startForger(edgeUrl, change);
    onTestFinished(forger.close);
    const verdict = await runVerifier('draw', forger.url, saleId, '7');
    expect(verdict.output).toMatch(why);
    expect(verdict.code).toBe(1);
  }
}

test('Redis emptied after the draw: everybody has the same rank, and is let in by it', async () => {
  const { edge, control, sql } = stack;
  const saleId = await aLottery(600, 0);
  const lobby = byNumber(await joinCrowd(edge, saleId, 40));
  await control.move(saleId, 'open');
  await untilDrawn(saleId, lobby);
  const before = (await placesOf(saleId, lobby)).map(({ number }) => number);
  expect(before).not.toEqual(lobby.map(({ number }) => number));
  await waitFor('a checkpoint with all numbers', 10, async () => {
    const [row] = await sql`select next from room_checkpoints where sale_id = ${saleId}`;
    return Number(row?.next) >= 40;
  });

  await emptyRedis(stack);
  await stack.whole();
  const after = await waitFor('the line being back', 20, async () => {
    const places = await placesOf(saleId, lobby);
    return places.every(({ state, stale }) => state === 'waiting' && !stale) && places;
  });
  expect(after.map(({ number }) => number)).toEqual(before);
  expect(after.map(({ lobbyNumber }) => lobbyNumber)).toEqual(lobby.map(({ number }) => number));
  const [late] = await waitFor('joining again', 10, () => joinCrowd(edge, saleId, 1));
  expect(late?.number).toBeGreaterThan(40);
  await control.setRoom(saleId, { admitPerMinute: 600 });
  await allLetInByRank(saleId, [...lobby, ...(late ? [late] : [])]);
  const report = await settledReport(edge, saleId, (one) => one.issued === 41);
  expect(report).toMatchObject({ inversions: 0, entrants: 40 });
  expect(report.counts).toMatchObject({ recovered: 1 });
  const { edgeUrl } = stack.info();
  for (const what of ['log', 'draw'] as const) {
    const verdict = await runVerifier(what, edgeUrl, saleId);
    expect(verdict.output).not.toContain('NOT TRUE');
    expect(verdict.code).toBe(0);
  }
});

test('with the queue service down at the start a lottery is drawn within seconds, and people are let in', async () => {
  const { edge } = stack;
  const saleId = await aLottery(9, 300);
  const lobby = byNumber(await joinCrowd(edge, saleId, 30));
  expect((await saleOf(saleId)).state).toBe('lobby');
  const goOn = await stopQueueService(stack);
  try {
    await waitFor('the start', 15, async () => (await saleOf(saleId)).state === 'open');
    await untilDrawn(saleId, lobby, 10);
    await allLetInByRank(saleId, lobby);
  } finally {
    goOn();
  }
  const report = await settledReport(edge, saleId, (one) => one.issued === 30);
  expect(report).toMatchObject({ inversions: 0, entrants: 30 });
  expect((await runVerifier('draw', stack.info().edgeUrl, saleId)).code).toBe(0);
});

test('the page says when the number is drawn, and how its owner checks it', async () => {
  const { edge, control } = stack;
  const saleId = await aLottery(600, 0);
  const [other] = await joinCrowd(edge, saleId, 1);
  const { edgeUrl } = stack.info();
  const { page, faults, close } = await openTab(browser, { script: true, origins: [edgeUrl] });
  onTestFinished(close);
  await page.goto(`${edgeUrl}/sales/${saleId}`);
  await page.locator('form[data-form="join"] button').click();
  await page.getByText('Your number in the draw').waitFor();
  expect(await page.getByText('Check your own number').count()).toBe(0);
  await control.move(saleId, 'open');
  await page.getByText('Check your own number').click({ timeout: 30_000 });
  await page.getByText('Your rank').waitFor();
  const rank = (await placeOf(saleId, other?.standing.ticket ?? '')).number;
  const told = `Number 2 was drawn to rank ${3 - rank}.`;
  await page.getByText(told).waitFor();
  const report = page.getByRole('link', { name: 'report of the draw' });
  expect(await report.getAttribute('href')).toBe(`/api/sales/${saleId}/fairness`);
  expect(faults).toEqual([]);
});
