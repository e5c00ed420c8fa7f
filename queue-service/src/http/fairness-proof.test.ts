import { firstHead, nextHead } from '@fairgate/shared/draw/chain.ts';
import { permutation } from '@fairgate/shared/draw/permutation.ts';
import { logAudits } from '@fairgate/shared/log/auditing.ts';
import { drainLog } from '@fairgate/shared/log/drain.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  aSale,
  iso,
  publicOrigin,
  type Service,
  startMs,
  testService,
} from '../../test/fixture.ts';
import { arrivalsReader } from '../app/arrivals.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});

type Item = Record<'number' | 'rank' | 'order', number> & {
  joinedAt: string | null;
  admittedAt: string;
  isInversion: boolean;
};

/** Its log as the room would have told it: `joined main 7` and so on, one each ms. */
async function logged(saleId: string, texts: readonly string[]): Promise<void> {
  const records = texts.map((text, i) => `${i + 1} ${startMs + i} ${text}`);
  const log = async (_: string, seq: number, limit: number) => {
    return { records: records.slice(seq, seq + limit) };
  };
  await drainLog(service.logs, { log }, saleId);
  await logAudits(service.logs)(saleId);
}

async function arrivalsOf(saleId: string) {
  const { status, body } = await service.call('GET', `/v1/sales/${saleId}/fairness/arrivals`);
  expect(status).toBe(200);
  return { ...body, items: body.items as Item[] };
}

const people = 3_000;
const joins = Array.from({ length: people }, (_, i) => `joined main ${i + 1} - -`);
const admit = (number: number) => `admitted main ${number} 1`;
const inOrder = Array.from({ length: people }, (_, i) => i + 1);

it('a plot of many admissions has 1,000 points: the first, the last, and others evenly', async () => {
  const { saleId } = await aSale(service, { publish: true });
  await logged(saleId, [...joins, ...inOrder.map(admit)]);
  const found = await arrivalsOf(saleId);
  expect(found).toMatchObject({ id: saleId, admitted: people, inversions: 0, auditedSeq: 6_000 });
  expect(found.items).toHaveLength(1_000);
  expect(found.items[0]).toEqual({
    lane: 'main',
    number: 1,
    rank: 1,
    order: 1,
    joinedAt: iso(startMs),
    admittedAt: iso(startMs + people),
    isInversion: false,
  });
  expect(found.items.at(-1)).toMatchObject({ number: people, order: people });
  const gaps = found.items.slice(1).map((item, i) => item.order - (found.items[i]?.order ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(4);
  expect(found.items.every(({ number, order }) => number === order)).toBe(true);
});

it('every inversion is in the plot, wherever it is', async () => {
  const { saleId } = await aSale(service, { publish: true });
  const early = [78, 1_501, 2_999];
  const order = inOrder.flatMap((number) => {
    if (early.includes(number)) return [];
    return early.includes(number + 1) ? [number + 1, number] : [number];
  });
  await logged(saleId, [...joins, ...order.map(admit)]);
  const { items, ...rest } = await arrivalsOf(saleId);
  expect(rest).toMatchObject({ admitted: people, inversions: 3 });
  expect(items.length).toBeLessThanOrEqual(1_000);
  const inverted = items.filter(({ isInversion }) => isInversion);
  expect(inverted.map(({ number }) => number)).toEqual(early);
  expect(items.at(-1)).toMatchObject({ order: people });
});

it('no more than 1,000 points are told, though all were let in in the wrong order', async () => {
  const { saleId } = await aSale(service, { publish: true });
  await logged(saleId, [...joins, ...inOrder.toReversed().map(admit)]);
  const { items, ...rest } = await arrivalsOf(saleId);
  expect(rest).toMatchObject({ inversions: people - 1 });
  expect(items.length).toBeLessThanOrEqual(1_000);
  expect(items[0]).toMatchObject({ number: people });
  expect(items.at(-1)).toMatchObject({ number: 1, isInversion: false });
});

it('who was drawn is shown by the rank, and who joined later by the number', async () => {
  const { saleId } = await aSale(service, { mode: 'lottery', publish: true });
  const key = 'ab'.repeat(32);
  const { numberAt } = permutation(key, 20);
  const drawn = Array.from({ length: 20 }, (_, i) => numberAt(i + 1));
  await logged(saleId, [...joins.slice(0, 20), 'closed-lobby main 0 20']);
  await service.logs.fixKey(saleId, { randomness: '', key });
  await logged(saleId, [
    ...joins.slice(0, 20),
    'closed-lobby main 0 20',
    'joined main 21 - -',
    'drawn main 0 20',
    ...[...drawn, 21].map(admit),
  ]);
  await service.logs.finish(saleId);
  const { items } = await arrivalsOf(saleId);
  expect(items.map(({ rank }) => rank)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
  expect(items.map(({ number }) => number)).toEqual([...drawn, 21]);
});

it('a log that does not grow is read once for its plot', async () => {
  const { saleId } = await aSale(service, { publish: true });
  await logged(saleId, [...joins.slice(0, 5), ...inOrder.slice(0, 5).map(admit)]);
  let reads = 0;
  const { fairness, blocksAfter } = service.logs;
  const read = arrivalsReader({
    clock: service.clock,
    logs: {
      fairness,
      blocksAfter(id, seq) {
        reads += 1;
        return blocksAfter(id, seq);
      },
    },
  });
  const first = await read(saleId);
  const readsOfFirst = reads;
  await service.pass(60_000);
  expect(await read(saleId)).toEqual(first);
  expect(reads).toBe(readsOfFirst);
  await logged(saleId, [...joins.slice(0, 5), ...inOrder.slice(0, 5).map(admit), joins[5] ?? '']);
  await service.pass(60_000);
  expect((await read(saleId)).auditedSeq).toBe(11);
});

it('a sale of which nobody was let in has an empty plot, and one that never was none', async () => {
  const { saleId } = await aSale(service);
  expect((await arrivalsOf(saleId)).items).toEqual([]);
  for (const what of ['arrivals', 'proof']) {
    const missing = `/v1/sales/sale_${'0'.repeat(26)}/fairness/${what}`;
    expect((await service.call('GET', missing)).status).toBe(404);
  }
});

it('the proof is a file from which the log can be checked without believing the service', async () => {
  const { saleId } = await aSale(service, { publish: true });
  await logged(saleId, [...joins.slice(0, 3), ...inOrder.slice(0, 3).map(admit)]);
  const { headers, body } = await service.call('GET', `/v1/sales/${saleId}/fairness/proof`);
  const name = `attachment; filename="${saleId}-fairness-proof.json"`;
  expect(headers.get('content-disposition')).toBe(name);
  const proof = body as {
    report: object;
    log: { url: string; adminPath: string; firstHead: string; head: string; lines: number };
    checks: { command: string; shows: string[] }[];
  };
  expect(proof).toMatchObject({ id: saleId, draw: null, report: { admitted: 3, inversions: 0 } });
  expect(proof.log).toMatchObject({ lines: 6, lastSeq: 6, firstHead: firstHead(saleId) });
  expect(proof.log.url).toBe(`${publicOrigin}/api/sales/${saleId}/fairness/log`);
  const log = await service.call('GET', proof.log.adminPath);
  const lines = String(log.body.text).trimEnd().split('\n');
  expect(lines.reduce(nextHead, proof.log.firstHead)).toBe(proof.log.head);
  expect(proof.checks.map(({ command }) => command)).toEqual([
    `npm run verify-log -- ${publicOrigin} ${saleId}`,
  ]);
});

it('the proof of a lottery has its draw too, and no secret before it is drawn', async () => {
  const { saleId } = await aSale(service, { mode: 'lottery', publish: true });
  const stored = await service.store.draws.find(saleId);
  const path = `/v1/sales/${saleId}/fairness/proof`;
  const before = await service.call('GET', path);
  expect(before.body.draw).toMatchObject({ drawCommitment: stored?.commitment, drawSeed: null });
  expect(JSON.stringify(before.body)).not.toContain(stored?.secret);
  expect(JSON.stringify(before.body.checks)).toContain(`npm run verify-draw -- ${publicOrigin}`);
  await logged(saleId, ['closed-lobby main 0 0']);
  await service.logs.fixKey(saleId, { randomness: '', key: 'ab'.repeat(32) });
  await service.logs.finish(saleId);
  const after = await service.call('GET', path);
  expect(after.body.draw).toMatchObject({ drawSeed: stored?.secret, entrants: 0, lobbySeq: 1 });
});
