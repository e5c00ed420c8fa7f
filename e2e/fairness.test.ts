import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { buy } from './support/checkout-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered, call, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import {
  adminReport,
  publicReport,
  type Report,
  runVerifier,
  settledReport,
  startForger,
} from './support/public-order.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';
import { joinCrowd, type Waiter } from './support/waiting-crowd.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const crowdSize = 60;
const counts = { leave: 6, sleep: 9, buy: 10 };

/** Some leave, some are away for too long, one of whom comes back; the others are let in. */
async function wholeStory() {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, admitPerMinute: 0, abandonSeconds: 12 };
  const sale = await openSale(control, edge, { units: crowdSize, room });
  const { saleId, productId } = sale;
  const crowd = await joinCrowd(edge, saleId, crowdSize);
  crowd.sort((a, b) => a.number - b.number);
  const leavers = crowd.splice(3, counts.leave);
  const sleepers = crowd.splice(1, counts.sleep);
  await mapBounded(leavers, 3, ({ standing }) => edge.leave(saleId, standing.ticket));
  const pollAll = async (waiters: readonly Waiter[]) =>
    await mapBounded(waiters, 20, ({ standing }) => edge.poll(saleId, standing.ticket));
  await waitFor('the sleepers being passed over', 40, async () => {
    await pollAll(crowd);
    return (await control.figures(saleId)).abandoned === counts.sleep;
  });
  await control.setRoom(saleId, { admitPerMinute: 1_200, abandonSeconds: 60 });
  await waitFor('everybody present being let in', 30, async () => {
    const places = await pollAll(crowd);
    return places.every(({ state }) => state === 'admitted');
  });
  const [returns] = sleepers;
  await waitFor('who comes back being let in', 10, async () => {
    const place = await edge.poll(saleId, returns?.standing.ticket ?? '');
    return place.state === 'admitted';
  });
  await mapBounded(crowd.slice(0, counts.buy), 5, async ({ standing }) => {
    const { token } = await edge.takeToken(saleId, standing.ticket);
    return await buy(checkout, { token, productId });
  });
  return { saleId, visitors: [...crowd, ...leavers, ...sleepers].map(({ visitor }) => visitor) };
}

test('whoever asks can check the order of a sale: the log is whole, tells of everybody, names nobody, and shows that nobody was passed', async () => {
  const { edge, control } = stack;
  const { edgeUrl } = stack.info();
  const { saleId, visitors } = await wholeStory();
  const admitted = crowdSize - counts.leave - counts.sleep + 1;
  const report = await settledReport(edge, saleId, (one) => one.counts.spent === counts.buy);
  expect(report).toMatchObject({ mode: 'fifo', admitted, issued: counts.buy, inversions: 0 });
  expect(report.lanes).toEqual({ main: { joined: crowdSize, admitted, inversions: 0 } });
  const { leave: left, sleep: away } = counts;
  expect(report.counts).toMatchObject({ joined: crowdSize, left, away, back: 1, opened: 1 });
  const toAdmin = await adminReport(control, saleId);
  expect({ ...toAdmin, ...report }).toEqual(toAdmin);

  const log = (await edge.raw(`/api/sales/${saleId}/fairness/log`)).text;
  expect(log.trimEnd().split('\n')).toHaveLength(report.logSeq);
  const told = `${log}${JSON.stringify(await publicReport(edge, saleId))}`;
  expect(visitors.filter((visitor) => told.includes(visitor))).toEqual([]);
  const adminLog = await control.raw(`/v1/sales/${saleId}/fairness/log`);
  expect(adminLog.text).toBe(log);

  await proofHolds(saleId, report);
  await forgeriesAreFound(edgeUrl, saleId, log);
});

const proofShape = z.object({
  log: z.object({ url: z.string(), head: z.string() }),
  checks: z.array(z.object({ command: z.string() })),
});
const arrivalsShape = z.object({
  items: z.array(z.object({ number: z.int(), order: z.int(), isInversion: z.boolean() })),
});

/** What the admin can give to whoever asks: its own command, and the points of the plot. */
async function proofHolds(saleId: string, report: Report): Promise<void> {
  const path = `/v1/sales/${saleId}/fairness`;
  const proof = answered(await stack.control.raw(`${path}/proof`), 200, proofShape);
  expect(proof.log.head).toBe(report.logHead);
  expect((await call(proof.log.url)).text.trimEnd().split('\n')).toHaveLength(report.logSeq);
  const [, url = '', named = ''] = /^npm run verify-log -- (\S+) (\S+)$/.exec(
    proof.checks[0]?.command ?? '',
  ) ?? ['', '', ''];
  const verdict = await runVerifier('log', url, named);
  expect(verdict.output).toContain('inversions: 0');
  expect(verdict.code).toBe(0);
  const { items } = answered(await stack.control.raw(`${path}/arrivals`), 200, arrivalsShape);
  expect(items.map(({ order }) => order)).toEqual(items.map((_, i) => i + 1));
  expect(items).toHaveLength(report.admitted);
  expect(items.some(({ isInversion }) => isInversion)).toBe(false);
}

/** Each of them as a service would show it that has something to hide. */
async function forgeriesAreFound(edgeUrl: string, saleId: string, log: string): Promise<void> {
  const lines = log.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes('"kind":"admitted"'));
  const [first = '', second = ''] = lines.slice(at);
  const swapped = lines.with(at, second.replace(/"seq":\d+/, `"seq":${at + 1}`));
  swapped[at + 1] = first.replace(/"seq":\d+/, `"seq":${at + 2}`);
  const forgeries: Record<string, string[]> = {
    head: swapped,
    missing: lines.toSpliced(at, 1),
  };
  for (const [why, forged] of Object.entries(forgeries)) {
    const forger = await startForger(edgeUrl, (path, text) =>
      path.endsWith('/log') ? `${forged.join('\n')}\n` : text,
    );
    onTestFinished(forger.close);
    const verdict = await runVerifier('log', forger.url, saleId);
    expect(verdict.output).toMatch(new RegExp(`NOT TRUE: .*${why}`));
    expect(verdict.code).toBe(1);
  }
}

test('order and log of a sale are public from its start on, and not before', async () => {
  const { edge, control } = stack;
  const price = { priceMinor: 2_500, currency: 'EUR' };
  const productId = await control.createProduct({ name: 'Later', stock: 3, ...price });
  const saleId = await control.createSale({
    name: 'Later',
    productIds: [productId],
    startsAt: new Date(Date.now() + 600_000).toISOString(),
    publish: true,
  });
  await waitFor('the lobby', 5, async () => (await edge.sale(saleId)).state === 'lobby');
  const { standing } = (await joinCrowd(edge, saleId, 1))[0] ?? {};
  expect(standing?.place.state).toBe('lobby');
  for (const path of ['fairness', 'fairness/log']) {
    const answer = await edge.raw(`/api/sales/${saleId}/${path}`);
    expectProblem(answer, 'sale-not-open');
  }
  expect(await adminReport(control, saleId)).toMatchObject({ inversions: 0, admitted: 0 });
  expect(await control.move(saleId, 'open')).toBe('open');
  const report = await settledReport(edge, saleId, (one) => one.counts.joined === 1);
  expect(report).toMatchObject({ id: saleId, mode: 'fifo', drawCommitment: null });
});
