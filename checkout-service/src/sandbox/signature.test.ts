import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook } from './signature.ts';

const secret = 'a-secret-of-more-than-32-characters-0123';
const now = 1_800_000_000_000;
const header = signWebhook(secret, 'body', now);
const verdict = (body: string, given: string | undefined, nowMs = now, key = secret) => {
  const result = verifyWebhook(key, body, given, nowMs, 300);
  return result.kind === 'fits' ? 'fits' : result.why;
};

describe('a webhook signature', () => {
  it('fits its body within 300 s, either way', () => {
    expect(verdict('body', header)).toBe('fits');
    expect(verdict('body', header, now + 300_000)).toBe('fits');
    expect(verdict('body', header, now - 300_000)).toBe('fits');
  });

  it.each([
    ['missing', 'body', undefined, now, secret],
    ['form', 'body', 'v1=abc', now, secret],
    ['form', 'body', `${header},v1=x`, now, secret],
    ['signature', 'changed', header, now, secret],
    ['signature', 'body', header, now, `${secret}x`],
    ['signature', 'body', header.replace(/t=\d+/, 't=1800000001'), now, secret],
    ['old', 'body', header, now + 301_000, secret],
  ] as const)('is refused as %s', (why, body, given, at, key) => {
    expect(verdict(body, given, at, key)).toBe(why);
  });
});
