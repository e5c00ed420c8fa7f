import { describe, expect, it } from 'vitest';
import { composeEnvironment, leastDotenv } from '../../e2e/support/compose.ts';
import { providersOf } from './adapters/providers.ts';
import { checkoutSettings, sandboxSettings } from './config.ts';

const whole = {
  FAIRGATE_PORT: '8788',
  FAIRGATE_DATABASE_URL: 'postgres://127.0.0.1/fairgate',
  FAIRGATE_ROOM_REDIS_URL: 'redis://127.0.0.1',
  FAIRGATE_JOBS_REDIS_URL: 'redis://127.0.0.1',
  FAIRGATE_INTERNAL_KEY: 'i'.repeat(40),
  FAIRGATE_PUBLIC_ORIGINS: 'https://shop.example',
  FAIRGATE_PURCHASE_JWKS: JSON.stringify({
    keys: [{ kty: 'OKP', crv: 'Ed25519', kid: '1', x: 'A'.repeat(43) }],
  }),
  FAIRGATE_ORDER_KEY_SECRET: 'o'.repeat(40),
  FAIRGATE_NOTICE_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'n'.repeat(43) }] }),
};
const stripe = {
  FAIRGATE_STRIPE_SECRET_KEY: 'sk_test_0123456789',
  FAIRGATE_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
};
const sandbox = {
  FAIRGATE_SANDBOX_URL: 'http://127.0.0.1:1',
  FAIRGATE_SANDBOX_WEBHOOK_SECRET: 's'.repeat(40),
};
const FAIRGATE_STRIPE_PUBLISHABLE_KEY = 'pk_test_0123456789';
const FAIRGATE_STRIPE_API_URL = 'http://127.0.0.1:12111';

function mistakes(env: Record<string, string>): string {
  try {
    checkoutSettings({ ...whole, ...env });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the settings of payment providers', () => {
  it('may be none, either, or both', () => {
    expect(mistakes({})).toBe('');
    expect(mistakes({ FAIRGATE_STRIPE_SECRET_KEY: '', FAIRGATE_STRIPE_WEBHOOK_SECRET: '' })).toBe(
      '',
    );
    expect(mistakes(stripe)).toBe('');
    expect(mistakes({ ...stripe, FAIRGATE_STRIPE_API_URL })).toBe('');
    expect(mistakes({ ...stripe, FAIRGATE_STRIPE_PUBLISHABLE_KEY })).toBe('');
    expect(mistakes({ ...stripe, FAIRGATE_STRIPE_PUBLISHABLE_KEY: '' })).toBe('');
  });

  it.each([
    ['nobody', {}, []],
    ['the sandbox', sandbox, ['sandbox']],
    ['Stripe', stripe, ['stripe']],
    ['both', { ...sandbox, ...stripe }, ['sandbox', 'stripe']],
  ])('choose who is paid by: %s', (_, env, names) => {
    const providers = providersOf(checkoutSettings({ ...whole, ...env }));
    expect(providers.map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ['FAIRGATE_STRIPE_WEBHOOK_SECRET', { FAIRGATE_STRIPE_SECRET_KEY: 'sk_test_0123456789' }],
    ['FAIRGATE_STRIPE_WEBHOOK_SECRET', { FAIRGATE_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789' }],
    ['FAIRGATE_STRIPE_SECRET_KEY', { ...stripe, FAIRGATE_STRIPE_SECRET_KEY: 'pk_test_0123456789' }],
    ['FAIRGATE_STRIPE_WEBHOOK_SECRET', { ...stripe, FAIRGATE_STRIPE_WEBHOOK_SECRET: 'x' }],
    ['FAIRGATE_STRIPE_API_URL', { ...stripe, FAIRGATE_STRIPE_API_URL: 'nowhere' }],
    ['FAIRGATE_STRIPE_API_URL', { ...stripe, FAIRGATE_STRIPE_API_URL: 'https://x.example/v1' }],
    [
      'FAIRGATE_STRIPE_API_URL',
      { ...stripe, FAIRGATE_STRIPE_API_URL, FAIRGATE_STRIPE_SECRET_KEY: 'sk_live_0123456789' },
    ],
    ['FAIRGATE_STRIPE_PUBLISHABLE_KEY', { FAIRGATE_STRIPE_PUBLISHABLE_KEY }],
    [
      'FAIRGATE_STRIPE_PUBLISHABLE_KEY',
      { ...stripe, FAIRGATE_STRIPE_PUBLISHABLE_KEY: 'pk_live_0123456789' },
    ],
    [
      'FAIRGATE_STRIPE_PUBLISHABLE_KEY',
      { ...stripe, FAIRGATE_STRIPE_PUBLISHABLE_KEY: 'sk_test_0123456789' },
    ],
    ['FAIRGATE_SANDBOX_WEBHOOK_SECRET', { FAIRGATE_SANDBOX_URL: 'http://127.0.0.1:1' }],
    [
      'FAIRGATE_SANDBOX_URL',
      {
        ...stripe,
        FAIRGATE_STRIPE_SECRET_KEY: 'rk_live_0123456789',
        FAIRGATE_SANDBOX_URL: 'http://127.0.0.1:1',
        FAIRGATE_SANDBOX_WEBHOOK_SECRET: 's'.repeat(40),
      },
    ],
  ])('name %s where it is wrong, and repeat no secret', (name, env) => {
    const message = mistakes(env);
    expect(message).toContain(`${name}: `);
    expect(message).not.toMatch(/0123456789/);
  });

  it('are told together with every other mistake', () => {
    const message = mistakes({ FAIRGATE_PORT: 'x', FAIRGATE_SANDBOX_URL: 'http://127.0.0.1:1' });
    expect(message).toMatch(/FAIRGATE_PORT: [\s\S]*FAIRGATE_SANDBOX_WEBHOOK_SECRET: /);
  });
});

describe('what the compose file passes on', () => {
  const sandbox = {
    FAIRGATE_SANDBOX_URL: 'http://payment-sandbox:8080',
    FAIRGATE_SANDBOX_WEBHOOK_SECRET: 's'.repeat(40),
  };

  it.each(['checkout-1', 'checkout-2'])('is all that %s needs', (name) => {
    const settings = (dotenv: Record<string, string> = {}) =>
      checkoutSettings(composeEnvironment(name, { ...leastDotenv, ...dotenv }));
    expect(settings()).toMatchObject({ FAIRGATE_INSTANCE: name, FAIRGATE_HOST: '0.0.0.0' });
    expect(settings().FAIRGATE_SANDBOX_URL).toBeUndefined();
    expect(settings({ ...sandbox, FAIRGATE_STRIPE_SECRET_KEY: '' })).toMatchObject(sandbox);
    const withForm = { ...stripe, FAIRGATE_STRIPE_PUBLISHABLE_KEY };
    expect(settings(withForm)).toMatchObject(withForm);
  });

  it('is all that the sandbox needs, which cannot run without its secret', () => {
    const settings = (dotenv: Record<string, string>) =>
      sandboxSettings(composeEnvironment('payment-sandbox', { ...leastDotenv, ...dotenv }));
    expect(settings(sandbox).FAIRGATE_SANDBOX_WEBHOOK_SECRET).toBe('s'.repeat(40));
    expect(() => settings({})).toThrow('FAIRGATE_SANDBOX_WEBHOOK_SECRET');
  });
});
