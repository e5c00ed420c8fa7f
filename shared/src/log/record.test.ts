import { expect, test } from 'vitest';
import { lineText, parseLine, parseRecord } from './record.ts';

test('a record of the room is a public line without its visitor', () => {
  const { line, spentPass } = parseRecord('17 1764019200123 joined priority 42 pass-1 visitor-1');
  expect(lineText(line)).toBe(
    '{"seq":17,"at":1764019200123,"kind":"joined","lane":"priority","number":42}',
  );
  expect(spentPass).toEqual({
    passId: 'pass-1',
    visitor: 'visitor-1',
    number: 42,
    at: 1764019200123,
  });
  expect(parseRecord('18 1764019200123 joined main 43 - -').spentPass).toBeNull();
  expect(parseRecord('18 1764019200123 joined main 43').spentPass).toBeNull();
});

test('what a kind has besides stands behind the number, under its name', () => {
  const texts = [
    [
      '1 5 back main 7 120.5',
      '{"seq":1,"at":5,"kind":"back","lane":"main","number":7,"score":120.5}',
    ],
    [
      '2 5 admitted main 7 2',
      '{"seq":2,"at":5,"kind":"admitted","lane":"main","number":7,"ordinal":2}',
    ],
    [
      '3 5 closed-lobby main 0 9',
      '{"seq":3,"at":5,"kind":"closed-lobby","lane":"main","number":0,"entrants":9}',
    ],
    [
      '4 5 returned main 0 3',
      '{"seq":4,"at":5,"kind":"returned","lane":"main","number":0,"units":3}',
    ],
    [
      '5 5 recovered main 0 2',
      '{"seq":5,"at":5,"kind":"recovered","lane":"main","number":0,"epoch":2}',
    ],
    ['6 5 drawn main 0 9', '{"seq":6,"at":5,"kind":"drawn","lane":"main","number":0,"entrants":9}'],
    ['7 5 left main 7', '{"seq":7,"at":5,"kind":"left","lane":"main","number":7}'],
  ];
  for (const [raw = '', text = ''] of texts) {
    expect(lineText(parseRecord(raw).line)).toBe(text);
    expect(lineText(parseLine(text))).toBe(text);
  }
});

test('what is no record is never published', () => {
  for (const raw of [
    '',
    'x 5 joined main 7',
    '1 5 cheated main 7',
    '1 5 joined ma"in 7',
    '1 5 joined main -7',
  ]) {
    expect(() => parseRecord(raw)).toThrow();
  }
});
