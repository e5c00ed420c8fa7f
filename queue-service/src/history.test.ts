import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { serverEvents } from '../../e2e/support/events.ts';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { iso, pen } from '../test/fixture.ts';
import { patience, processAdminKey, startProcess } from '../test/process.ts';

vi.setConfig({ testTimeout: 150_000 });

type Process = Awaited<ReturnType<typeof startProcess>>;

const itemsSchema = z.array(z.object({ at: z.iso.datetime(), waiting: z.number() }));

/** Two instances over one database and one Redis, and an open sale. */
async function startBoth() {
  const urls = [await freshDatabaseUrl(), await freshRedisUrl()] as const;
  const both = await Promise.all([startProcess(...urls), startProcess(...urls)]);
  for (const { call } of both) {
    await vi.waitFor(async () => expect((await call('GET', '/readyz')).status).toBe(200), patience);
  }
  const [first, second] = both;
  const product = await first.call('POST', '/v1/products', pen);
  const wish = { name: 'Pens', productIds: [product.body.id], publish: true };
  const sale = await first.call('POST', '/v1/sales', { ...wish, startsAt: iso(Date.now()) });
  expect(sale.status).toBe(201);
  return { urls, first, second, saleId: String(sale.body.id) };
}

/** Seconds of the history, in its order. */
async function secondsOf({ call }: Process, saleId: string): Promise<number[]> {
  const { body } = await call('GET', `/v1/sales/${saleId}/history`);
  return itemsSchema.parse(body.items).map(({ at }) => Math.floor(Date.parse(at) / 1_000));
}

const isRow = (seconds: number[]) =>
  seconds.every((one, i) => i === 0 || one === (seconds[i - 1] ?? 0) + 1);

it('two instances write each second once, and it outlives them, and a Redis that is emptied', async () => {
  const { urls, first, second, saleId } = await startBoth();
  await vi.waitFor(async () => {
    const seconds = await secondsOf(first, saleId);
    expect(new Set(seconds).size).toBe(seconds.length);
    // A machine that stands still for a second writes none; five in a row are the rule.
    expect(seconds.length).toBeGreaterThan(5);
    expect(isRow(seconds.slice(-5))).toBe(true);
  }, patience);
  const before = await secondsOf(second, saleId);
  const redis = new Redis(urls[1]);
  await redis.flushall();
  redis.disconnect();
  for (const { child } of [first, second]) child.kill('SIGKILL');
  await Promise.all([first.exited, second.exited]);
  const third = await startProcess(...urls);
  await vi.waitFor(async () => {
    const after = await secondsOf(third, saleId);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.length).toBeGreaterThan(before.length + 2);
    expect(new Set(after).size).toBe(after.length);
  }, patience);
});

it('who loses an instance goes on at another one, with each second that they missed once', async () => {
  const { first, second, saleId } = await startBoth();
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const eventsOf = ({ origin }: Process, lastEventId?: string) =>
    serverEvents(`${origin}/v1/sales/${saleId}/stream`, processAdminKey, end.signal, lastEventId);
  let last = 0;
  for await (const { id } of eventsOf(first)) {
    last = Number(id);
    const kept = await secondsOf(second, saleId);
    if (kept.length > 1) break;
  }
  first.child.kill('SIGKILL');
  await first.exited;
  // They stay away until there is something to be missed.
  await vi.waitFor(async () => {
    expect((await secondsOf(second, saleId)).at(-1)).toBeGreaterThan(last + 4);
  }, patience);
  const kept = (await secondsOf(second, saleId)).filter((one) => one > last);
  const ids: number[] = [];
  for await (const { id } of eventsOf(second, String(last))) {
    ids.push(Number(id));
    if (ids.length === kept.length + 3) break;
  }
  expect(ids.slice(0, kept.length)).toEqual(kept);
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  // The live part begins where the history ends.
  const all = await secondsOf(second, saleId);
  const told = all.filter((one) => one > last && one <= (ids.at(-1) ?? 0));
  expect(told.every((one) => ids.includes(one))).toBe(true);
});
