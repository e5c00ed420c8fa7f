import { expect, it } from 'vitest';
import { sealer } from './webhook-secrets.ts';
import { newWebhookSecret, webhookSignature } from './webhook-signature.ts';

it('a message is signed as the libraries of Standard Webhooks verify it', () => {
  // Their own example.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  const expected = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  expect(webhookSignature([secret], message)).toBe(expected);
  const other = newWebhookSecret();
  expect(webhookSignature([other, secret], message).split(' ')).toEqual([
    webhookSignature([other], message),
    expected,
  ]);
});

it('a new secret is 32 random bytes, in the form that the libraries read', () => {
  expect(newWebhookSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(newWebhookSecret()).not.toBe(newWebhookSecret());
});

it('a secret is opened by any of the keys, for its own webhook alone, and never if it was changed', () => {
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const sealed = sealer([one]).seal('whsec_abc', 'hook_1');
  expect(sealed).not.toContain('whsec');
  expect(sealer([two, one]).open(sealed, 'hook_1')).toBe('whsec_abc');
  expect(sealer([two]).open(sealed, 'hook_1')).toBeNull();
  expect(sealer([one]).open(sealed, 'hook_2')).toBeNull();
  expect(sealer([one]).open(`${sealed.slice(0, -2)}AA`, 'hook_1')).toBeNull();
  expect(sealer([one]).open('', 'hook_1')).toBeNull();
});
