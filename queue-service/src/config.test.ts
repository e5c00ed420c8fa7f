import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { composeEnvironment, leastDotenv } from '../../e2e/support/compose.ts';
import { readConfig } from './config.ts';

const env = {
  FAIRGATE_DATABASE_URL: 'postgres://u:secret@127.0.0.1/db',
  FAIRGATE_ROOM_REDIS_URL: 'redis://127.0.0.1',
  FAIRGATE_JOBS_REDIS_URL: 'rediss://127.0.0.1',
  FAIRGATE_SMTP_URL: 'smtp://127.0.0.1:25',
  FAIRGATE_MAIL_FROM: 'Shop <shop@example.org>',
  FAIRGATE_CHECKOUT_URLS: 'http://127.0.0.1:1,http://127.0.0.1:2/',
  FAIRGATE_INTERNAL_KEY: 'i'.repeat(40),
  FAIRGATE_WEBHOOK_KEYS: 'w'.repeat(43),
  FAIRGATE_PASS_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'k'.repeat(43) }] }),
  FAIRGATE_NOTICE_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'n'.repeat(43) }] }),
  FAIRGATE_PUBLIC_ORIGINS: 'http://127.0.0.1:8787/, https://shop.example',
};

it('the first public origin is the one in mails', () => {
  expect(readConfig(env)).toMatchObject({ publicOrigin: 'http://127.0.0.1:8787', port: 8_789 });
});

it('all mistakes are told together, by name, and no value is repeated', () => {
  const wrong = { ...env, FAIRGATE_DATABASE_URL: 'mysql://secret', FAIRGATE_PORT: 'x' };
  const { FAIRGATE_SMTP_URL: _, ...missing } = wrong;
  expect(() => readConfig(missing)).toThrow(
    /DATABASE_URL(.|\n)*SMTP_URL|SMTP_URL(.|\n)*DATABASE_URL/,
  );
  expect(() => readConfig(missing)).toThrow(/FAIRGATE_PORT/);
  expect(() => readConfig(missing)).not.toThrow(/secret/);
});

it('push messages are sent with a whole pair of keys and a subject, or not at all', () => {
  const vapid = {
    FAIRGATE_VAPID_PUBLIC_KEY: `B${'A'.repeat(86)}`,
    FAIRGATE_VAPID_PRIVATE_KEY: 'p'.repeat(43),
    FAIRGATE_VAPID_SUBJECT: 'mailto:shop@example.org',
  };
  expect(readConfig(env).vapid).toBeNull();
  const none = Object.fromEntries(Object.keys(vapid).map((name) => [name, '']));
  expect(readConfig({ ...env, ...none }).vapid).toBeNull();
  expect(readConfig({ ...env, ...vapid }).vapid?.subject).toBe('mailto:shop@example.org');
  for (const name of Object.keys(vapid)) {
    expect(() => readConfig({ ...env, ...vapid, [name]: '' })).toThrow(/VAPID(.|\n)*or none is/);
    expect(() => readConfig({ ...env, ...vapid, [name]: 'wrong' })).toThrow(name);
  }
});

it('what the compose file passes on is all that is needed', () => {
  expect(readConfig(composeEnvironment('queue-service', leastDotenv))).toMatchObject({
    host: '0.0.0.0',
    port: 8_080,
    checkoutUrls: ['http://checkout-1:8080', 'http://checkout-2:8080'],
  });
});

it('mails are signed with all of the DKIM settings, or none; each that is missing is named', () => {
  const pem = (type: 'rsa' | 'rsa-pss', modulusLength: number) =>
    generateKeyPairSync(type as 'rsa', { modulusLength })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
  const [domain, selector, key] = [
    'FAIRGATE_MAIL_DKIM_DOMAIN',
    'FAIRGATE_MAIL_DKIM_SELECTOR',
    'FAIRGATE_MAIL_DKIM_KEY',
  ];
  const privateKey = pem('rsa', 2_048);
  const whole = { [domain]: 'shop.example', [selector]: 'mails', [key]: privateKey };
  const dkim = { domain: 'shop.example', selector: 'mails', privateKey };
  const oneLine = { ...whole, [key]: privateKey.replaceAll('\n', String.raw`\n`) };
  expect(readConfig({ ...env, ...whole }).dkim).toEqual(dkim);
  expect(readConfig({ ...env, ...oneLine }).dkim).toEqual(dkim);
  const nothing = { [domain]: '', [selector]: '', [key]: '' };
  expect(readConfig({ ...env, ...nothing }).dkim).toBeNull();
  for (const name of [domain, selector, key]) {
    expect(() => readConfig({ ...env, ...whole, [name]: '' })).toThrow(`${name}: is set together`);
  }
  for (const wrong of ['no key', pem('rsa-pss', 2_048), pem('rsa', 512)]) {
    expect(() => readConfig({ ...env, ...whole, [key]: wrong })).toThrow(
      `${key}: is no private RSA`,
    );
  }
});
