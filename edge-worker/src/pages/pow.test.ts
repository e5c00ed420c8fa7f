import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { newId } from '@fairgate/shared/ids.ts';
import { expect, test } from 'vitest';
import { issueAltcha, judgeAltcha } from '../app/altcha.ts';

type Told = { tried?: number; number?: number | null };

// The script as a Web Worker runs it.
let told: Told[] = [];
const self: { onmessage?: (event: { data: unknown }) => void } = {};
const scope = createContext({ TextEncoder, self, postMessage: (more: Told) => told.push(more) });
const built = join(import.meta.dirname, '../../dist/pages/pow.js.txt');
runInContext(readFileSync(built, 'utf8'), scope);

/** What it posts for one message. */
function posted(challenge: { challenge: string; salt: string; maxnumber: number }): Told[] {
  told = [];
  self.onmessage?.({ data: challenge });
  return told;
}
const solve = (challenge: Parameters<typeof posted>[0]) => posted(challenge).at(-1)?.number;

test('the script of the page finds what the edge hides', () => {
  const key = randomBytes(32);
  const saleId = newId('sale');
  for (let i = 0; i < 20; i += 1) {
    const nowMs = Date.now();
    const { maxnumber, ...challenge } = issueAltcha(key, { saleId, tries: 5_000, nowMs });
    const number = solve({ ...challenge, maxnumber });
    const verdict = judgeAltcha(key, { ...challenge, number }, { saleId, nowMs });
    expect(verdict.kind).toBe('solved');
  }
});

test('with a salt of any length, whatever blocks it fills, and with any number', () => {
  for (let length = 0; length < 140; length += 1) {
    const salt = 'ä&'.repeat(length).slice(0, length);
    for (const number of [0, 9, 10, 123]) {
      const challenge = createHash('sha256').update(`${salt}${number}`).digest('hex');
      expect([length, solve({ challenge, salt, maxnumber: 150 })]).toEqual([length, number]);
    }
  }
});

test('it tells how far it is, and that it found nothing', () => {
  const challenge = '0'.repeat(64);
  const told = posted({ challenge, salt: 'x', maxnumber: 20_000 });
  expect(told).toEqual([{ tried: 0 }, { tried: 8_192 }, { tried: 16_384 }, { number: null }]);
});
