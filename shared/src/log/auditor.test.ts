import fc from 'fast-check';
import { expect, test } from 'vitest';
import { permutation } from '../draw/permutation.ts';
import { auditor, type RankOf } from './auditor.ts';
import type { LogLine, RecordKind } from './record.ts';

const noDraw = (): RankOf => {
  throw new Error('nothing is drawn here');
};

function lines(texts: string[]): LogLine[] {
  return texts.map((text, i) => {
    const [kind, lane = '', number, more] = text.split(' ');
    const line = { seq: i + 1, at: 0, kind: kind as RecordKind, lane, number: Number(number) };
    if (kind === 'back') return { ...line, score: Number(more) };
    return kind === 'drawn' ? { ...line, entrants: Number(more) } : line;
  });
}

function inversions(texts: string[], rankOf: () => RankOf = noDraw): number {
  const one = auditor(rankOf);
  for (const line of lines(texts)) one.take(line);
  return Object.values(one.report().lanes).reduce((sum, lane) => sum + lane.inversions, 0);
}

test('who is let in before somebody who stood ahead is counted, and no other', () => {
  const joined = ['joined main 1', 'joined main 2', 'joined main 3'];
  expect(inversions([...joined, 'admitted main 1', 'admitted main 2', 'admitted main 3'])).toBe(0);
  expect(inversions([...joined, 'admitted main 2', 'admitted main 1'])).toBe(1);
  expect(inversions([...joined, 'admitted main 3'])).toBe(1);
});

test('who has left, is away, was revoked or has done is passed without an inversion', () => {
  const joined = ['joined main 1', 'joined main 2'];
  for (const gone of ['left', 'away', 'revoked', 'spent', 'expired']) {
    expect(inversions([...joined, `${gone} main 1`, 'admitted main 2'])).toBe(0);
  }
});

test('who comes back stands where the log says: ahead with the old number, or at the frontier', () => {
  const gone = ['joined main 1', 'joined main 2', 'joined main 3', 'away main 1'];
  expect(inversions([...gone, 'back main 1 1', 'admitted main 2'])).toBe(1);
  expect(inversions([...gone, 'admitted main 2', 'back main 1 2.5', 'admitted main 3'])).toBe(1);
  expect(inversions([...gone, 'admitted main 2', 'back main 1 2.5', 'admitted main 1'])).toBe(0);
});

test('lanes are judged each by itself', () => {
  const texts = ['joined main 1', 'joined priority 2', 'admitted priority 2', 'admitted main 1'];
  expect(inversions(texts)).toBe(0);
});

test('after a loss only those count whose tickets have put them back', () => {
  const joined = ['joined main 1', 'joined main 2', 'recovered main 0'];
  expect(inversions([...joined, 'back main 2 2', 'admitted main 2'])).toBe(0);
  expect(inversions([...joined, 'back main 1 1', 'back main 2 2', 'admitted main 2'])).toBe(1);
});

test('entrants of a draw stand by their ranks, and those who came later behind them', () => {
  const { rankOf, numberAt } = permutation('ab'.repeat(32), 20);
  const ranks = Array.from({ length: 20 }, (_, i) => numberAt(i + 1));
  const joined = Array.from({ length: 20 }, (_, i) => `joined main ${i + 1}`);
  const drawn = [...joined, 'closed-lobby main 0', 'joined main 21', 'drawn main 0 20'];
  const admitted = ranks.map((number) => `admitted main ${number}`);
  expect(inversions([...drawn, ...admitted, 'admitted main 21'], () => rankOf)).toBe(0);
  expect(inversions([...drawn, 'admitted main 21'], () => rankOf)).toBe(1);
  const [first, second] = admitted;
  expect(inversions([...drawn, second!, first!], () => rankOf)).toBe(1);
});

test('it finds what a slow look at everybody finds, for any log', () => {
  const move = fc.tuple(
    fc.constantFrom('joined', 'away', 'back', 'left', 'admitted', 'admitted'),
    fc.constantFrom('main', 'priority'),
    fc.nat(30),
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
      const present = new Map<string, number>();
      let found = 0;
      const texts = moves.map(([kind, lane, pick], i) => {
        const number = kind === 'joined' ? i + 1 : pick;
        const who = `${lane} ${number}`;
        if (kind === 'joined') present.set(who, number);
        else if (kind === 'back') present.set(who, number + 0.5);
        else {
          const key = present.get(who) ?? number;
          present.delete(who);
          const others = [...present].filter(([other]) => other.startsWith(lane));
          if (kind === 'admitted' && others.some(([, ahead]) => ahead < key)) found += 1;
        }
        return kind === 'back' ? `back ${who} ${number + 0.5}` : `${kind} ${who}`;
      });
      expect(inversions(texts)).toBe(found);
    }),
    { numRuns: 300 },
  );
});
