import { expect, test } from 'vitest';
import { firstHead, nextHead } from '../draw/chain.ts';
import { blockLinesMax, chainRecords } from './blocks.ts';
import { parseRecord } from './record.ts';

const empty = { seq: 0, head: firstHead('sale_01'), counts: {} };
const joins = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) =>
    parseRecord(`${from + i} 5 joined main ${from + i} - -`),
  );

test('a record that comes twice is in the log once', () => {
  const first = chainRecords(empty, joins(1, 3));
  const second = chainRecords(first.after, joins(2, 5));
  expect(second.after).toEqual(chainRecords(empty, joins(1, 5)).after);
  expect(second.blocks[0]?.body.match(/"seq":\d+/g)).toEqual(['"seq":4', '"seq":5']);
  expect(second.after.counts).toEqual({ joined: 5 });
});

test('blocks are bounded, and the head after each is that of the chain', () => {
  const { blocks } = chainRecords(empty, joins(1, blockLinesMax + 1));
  expect(blocks.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [1, blockLinesMax],
    [blockLinesMax + 1, blockLinesMax + 1],
  ]);
  let head = empty.head;
  for (const { body, head: after } of blocks) {
    for (const line of body.split('\n')) if (line !== '') head = nextHead(head, line);
    expect(after).toBe(head);
  }
});

test('the line that ends the lobby ends its block: the head after it is a part of the draw', () => {
  const records = [
    ...joins(1, 2),
    parseRecord('3 77 closed-lobby main 0 2'),
    parseRecord('4 78 joined main 3 - -'),
  ];
  const { blocks, lobby } = chainRecords(empty, records);
  expect(blocks.map(({ lastSeq }) => lastSeq)).toEqual([3, 4]);
  expect(lobby).toEqual({ seq: 3, head: blocks[0]?.head, entrants: 2, closedAt: 77 });
});

test('passes that were spent are told beside the log, never in it', () => {
  const { blocks, spentPasses } = chainRecords(empty, [
    parseRecord('1 5 joined priority 1 pass-1 visitor-1'),
  ]);
  expect(spentPasses).toEqual([{ passId: 'pass-1', visitor: 'visitor-1', number: 1, at: 5 }]);
  expect(blocks[0]?.body).not.toMatch(/pass-1|visitor-1/);
});
