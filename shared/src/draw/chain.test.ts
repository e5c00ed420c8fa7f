import { expect, test } from 'vitest';
import { firstHead, nextHead } from './chain.ts';
import { commitmentOf, newDrawSecret } from './commitment.ts';
import { drawKey } from './key.ts';

// Known answers, made by another implementation from docs/draw.md.

test('a log begins with its sale, and each line changes the head', () => {
  const first = firstHead('sale_01');
  expect(first).toBe('d539cc75cb9f918263903927a361b3dad3515914d7049bc7b2668f494f7ca7f4');
  const line = '{"seq":1,"at":1764019200123,"kind":"joined","lane":"main","number":1}';
  expect(nextHead(first, line)).toBe(
    'a3d538b6c853d628e2f72984456b92359bac83bd250ca9a8b4d62f2ed75a0422',
  );
});

test('a commitment is the hash of the text of a secret that nobody can guess', () => {
  expect(commitmentOf('11'.repeat(32))).toBe(
    '3138bb9bc78df27c473ecfd1410f7bd45ebac1f59cf3ff9cfe4db77aab7aedd3',
  );
  expect(newDrawSecret()).toMatch(/^[0-9a-f]{64}$/);
  expect(newDrawSecret()).not.toBe(newDrawSecret());
});

test('the key of a draw changes with each of its ingredients', () => {
  const parts = { secret: '11'.repeat(32), lobbyHead: '22'.repeat(32), randomness: '' };
  const key = 'd9917473ef7ce2a3163abf1e858dc746a2c56797fc2ef61101f0327077fca2fc';
  expect(drawKey(parts)).toBe(key);
  expect(drawKey({ ...parts, randomness: 'ab' })).not.toBe(key);
  expect(drawKey({ ...parts, lobbyHead: '23'.repeat(32) })).not.toBe(key);
  expect(drawKey({ ...parts, secret: '12'.repeat(32) })).not.toBe(key);
});
