import { firstHead } from '@fairgate/shared/draw/chain.ts';
import { commitmentOf } from '@fairgate/shared/draw/commitment.ts';
import { drawKey } from '@fairgate/shared/draw/key.ts';
import { permutation } from '@fairgate/shared/draw/permutation.ts';
import vectors from '@fairgate/shared/draw/permutation-vectors.json' with { type: 'json' };
import { auditor } from '@fairgate/shared/log/auditor.ts';
import { chainRecords } from '@fairgate/shared/log/blocks.ts';
import { fairnessOf } from '@fairgate/shared/log/fairness.ts';
import { parseRecord } from '@fairgate/shared/log/record.ts';
import { expect, test } from 'vitest';
import { emptyLogHead, headAfter, keyOfDraw, ranksOf, sha256 } from './hashes.ts';
import { type LogEntry, parseLine, type Report } from './public-sale.ts';
import { verify } from './run.ts';
import { verifyDraw } from './verify-draw.ts';
import { verifyLog } from './verify-log.ts';

const saleId = 'sale_01';
const secret = 'c0ffee00'.repeat(8);

/** What an honest service publishes of a lottery of `n`, and of one who came late. */
function lottery(n = 12, order = (ranks: number[]) => ranks) {
  const joined = Array.from({ length: n }, (_, i) => `${i + 1} 5 joined main ${i + 1} - -`);
  const lobby = [...joined, `${n + 1} 6 closed-lobby main 0 ${n}`];
  const empty = { seq: 0, head: firstHead(saleId), counts: {} };
  const lobbyHead = chainRecords(empty, lobby.map(parseRecord)).lobby?.head ?? '';
  const key = drawKey({ secret, lobbyHead, randomness: '' });
  const { rankOf, numberAt } = permutation(key, n);
  const numbers = order(Array.from({ length: n }, (_, i) => i + 1)).map(numberAt);
  const later = [
    `${n + 2} 7 joined main ${n + 1} - -`,
    `${n + 3} 8 drawn main 0 ${n}`,
    ...[...numbers, n + 1].map((number, i) => `${n + 4 + i} 9 admitted main ${number} 1`),
  ];
  const records = [...lobby, ...later].map(parseRecord);
  const { blocks, after } = chainRecords(empty, records);
  const audit = auditor(() => rankOf);
  for (const { line } of records) audit.take(line);
  const draw = {
    ...{ secret, commitment: commitmentOf(secret), randomnessUrl: '', randomness: '', key },
    ...{ lobbySeq: n + 1, lobbyHead, entrants: n, closedAt: 6, drawnAt: 8, trouble: null },
  };
  const facts = { saleId, mode: 'lottery', standing: 'started', head: after, draw } as const;
  const report: Report = fairnessOf({ ...facts, audit: audit.report() });
  const texts = blocks
    .map(({ body }) => body)
    .join('')
    .trimEnd()
    .split('\n');
  const sale = { id: saleId, drawCommitment: draw.commitment, drawSeed: secret };
  return { report, texts, sale, rankOf };
}

const entriesOf = (texts: string[]): LogEntry[] =>
  texts.map((text, i) => ({ text, line: parseLine(text, i) }));

/** The same lines under a chain of their own, as somebody would publish who rewrites the past. */
function rechained(report: Report, texts: string[]): Report {
  return { ...report, logHead: texts.reduce(headAfter, emptyLogHead(saleId)) };
}

test('the page and the service give the same hashes, keys and ranks', () => {
  expect(emptyLogHead(saleId)).toBe(firstHead(saleId));
  expect(sha256(secret)).toBe(commitmentOf(secret));
  const parts = { secret, lobbyHead: '22'.repeat(32), randomness: 'ab' };
  expect(keyOfDraw(secret, '22'.repeat(32), 'ab')).toBe(drawKey(parts));
  for (const { key, entrants, ranks } of vectors.filter((one) => one.entrants <= 1_000_000)) {
    const mine = ranksOf(key, entrants);
    for (const [number = 0, rank] of ranks) expect(mine[number]).toBe(rank);
  }
});

test('an honest log and an honest draw are found to be true', () => {
  const { report, texts, sale, rankOf } = lottery();
  const entries = entriesOf(texts);
  expect(verifyLog(report, entries).join()).toMatch(/inversions: 0/);
  const found = verifyDraw({ sale, report, entries, number: 5 });
  expect(found.at(-1)).toBe(`lobby number 5 has rank ${rankOf(5)} of 12`);
});

test('a log that has grown since the report is as true', () => {
  const { report, texts } = lottery();
  const more = '{"seq":29,"at":10,"kind":"left","lane":"main","number":1}';
  expect(texts).toHaveLength(28);
  expect(() => verifyLog(report, entriesOf([...texts, more]))).not.toThrow();
});

test('a line that was changed, taken out, added or moved is found', () => {
  const { report, texts } = lottery();
  const changed = texts.with(3, texts[3]!.replace('"at":5', '"at":4'));
  expect(() => verifyLog(report, entriesOf(changed))).toThrow(/head/);
  expect(() => verifyLog(report, entriesOf(texts.toSpliced(3, 1)))).toThrow(/missing/);
  expect(() => verifyLog(report, entriesOf(texts.slice(0, -1)))).toThrow(/ends before/);
  const twice = texts.toSpliced(3, 0, texts[3]!);
  expect(() => verifyLog(report, entriesOf(twice))).toThrow(/follows/);
});

test('counts and inversions that are made up are found, whatever the chain says', () => {
  const { report, texts } = lottery();
  const entries = entriesOf(texts);
  expect(() => verifyLog({ ...report, admitted: 4 }, entries)).toThrow(/admitted/);
  expect(() => verifyLog({ ...report, inversions: 1 }, entries)).toThrow(/inversions/);
  const unfair = lottery(12, (ranks) => [2, 1, ...ranks.slice(2)]);
  expect(unfair.report.inversions).toBe(1);
  const lanes = { main: { ...unfair.report.lanes.main!, inversions: 0 } };
  const hidden = { ...unfair.report, inversions: 0, lanes };
  expect(() => verifyLog(hidden, entriesOf(unfair.texts))).toThrow(/1 inversions/);
});

test('a draw that does not follow from what was published before it is found', () => {
  const { report, texts, sale } = lottery();
  const entries = entriesOf(texts);
  const check = (changes: Partial<Report>, more: object = {}) =>
    verifyDraw({
      sale: { ...sale, ...more },
      report: { ...report, ...changes },
      entries,
      number: 1,
    });
  expect(() => check({})).not.toThrow();
  expect(() => check({ drawSeed: 'ab'.repeat(32) })).toThrow(/commitment/);
  expect(() => check({ drawCommitment: 'ab'.repeat(32) })).toThrow(/commitment/);
  expect(() => check({}, { drawCommitment: 'ab'.repeat(32) })).toThrow(/the sale says/);
  expect(() => check({ lobbyHead: 'ab'.repeat(32) })).toThrow(/head after line/);
  expect(() => check({ randomness: 'ab' })).toThrow(/the key is/);
  expect(() => check({ drawKey: 'ab'.repeat(32) })).toThrow(/the key is/);
  expect(() => check({ entrants: 11 })).toThrow(/close the lobby/);
  expect(() => check({ drawSeed: null })).toThrow(/nothing is drawn/);
  expect(() => check({ mode: 'fifo' })).toThrow(/no lottery/);
});

test('admissions that do not follow the ranks are found, in a log that is whole', () => {
  const { report, texts, sale } = lottery(12, (ranks) => ranks.toReversed());
  expect(() => verifyDraw({ sale, report, entries: entriesOf(texts), number: undefined })).toThrow(
    /was admitted while number \d+ stood ahead/,
  );
});

test('an entrant who is kept out of the draw by a rewritten log is found', () => {
  const { report, texts, sale } = lottery();
  const late = texts.with(2, texts[2]!.replace('"number":3', '"number":99'));
  const forged = rechained(report, late);
  const question = { sale, report: forged, entries: entriesOf(late), number: undefined };
  expect(() => verifyDraw(question)).toThrow(/head after line 13/);
});

test('whoever asks wrongly is told how to ask', async () => {
  expect(await verify('log', [])).toMatchObject({ exitCode: 2 });
  expect(await verify('draw', ['http://x', saleId, 'seven'])).toMatchObject({ exitCode: 2 });
  const nobody = await verify('log', ['http://127.0.0.1:9', saleId]);
  expect(nobody).toMatchObject({ exitCode: 1, lines: [expect.stringMatching(/^NOT TRUE/)] });
});
