import { expect, test } from 'vitest';
import { limitKeysOf, parseSuspect } from './suspects.ts';

test('the counters of a client are those of its address, or of the /64 that it is in', () => {
  expect(limitKeysOf('203.0.113.7')).toEqual([
    'fg:limit:join:203.0.113.7',
    'fg:limit:challenge-failed:203.0.113.7',
    'fg:limit:ticket-forged:203.0.113.7',
  ]);
  expect(limitKeysOf('2001:db8::/64')).toContain('fg:limit:join:2001:db8::/64');
  expect(limitKeysOf('2001:db8::7')).toContain('fg:limit:join:2001:db8::/64');
  expect(limitKeysOf('DE')).toEqual([]);
});

test('a suspect that nobody can read is an error', () => {
  const suspect = { network: '203.0.113.7', signal: 'join', count: 7 };
  expect(parseSuspect(JSON.stringify(suspect))).toEqual(suspect);
  for (const text of ['', '{}', '{"network":"1.2.3.4","signal":"x","count":1}']) {
    expect(() => parseSuspect(text)).toThrow();
  }
});
