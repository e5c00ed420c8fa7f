import { describe, expect, test } from 'vitest';
import {
  knownPushHosts,
  type PushRule,
  pushEndpointFault,
  pushHostsSchema,
} from './push-endpoint.ts';

const known = pushHostsSchema.parse(knownPushHosts);
const anyPublic: PushRule = { hosts: ['*'], allowsLoopback: false };

describe('a push endpoint', () => {
  test.each([
    'https://fcm.googleapis.com/fcm/send/abc:def',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAA',
    'https://web.push.apple.com/QABC',
    'https://wns2-db5p.notify.windows.com/w/?token=x',
  ])('of a push service is fine: %s', (endpoint) => {
    expect(pushEndpointFault(endpoint, anyPublic)).toBeNull();
    expect(pushEndpointFault(endpoint, { ...anyPublic, hosts: known })).toBeNull();
  });

  test.each([
    'http://push.example.org/a',
    'https://push.example.org:8443/a',
    'https://user:pass@push.example.org/a',
    'https://127.0.0.1/a',
    'https://2130706433/a',
    'https://0x7f.1/a',
    'https://10.0.0.7/a',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/a',
    'https://[fd00::1]/a',
    'https://localhost/a',
    'https://redis/a',
    'https://metadata.google.internal/a',
    'https://printer.local/a',
    'https://app.localhost/a',
    'https://router.lan./a',
    'ftp://push.example.org/a',
    'nonsense',
    `https://push.example.org/${'a'.repeat(1_000)}`,
  ])('never leads back in: %s', (endpoint) => {
    expect(pushEndpointFault(endpoint, anyPublic)).not.toBeNull();
  });

  test('may be of this machine where the setting says so, and still of no other inside', () => {
    const rule = { hosts: [], allowsLoopback: true };
    expect(pushEndpointFault('http://127.0.0.1:9/a', rule)).toBeNull();
    expect(pushEndpointFault('https://localhost:9/a', rule)).toBeNull();
    expect(pushEndpointFault('http://10.0.0.1:9/a', rule)).not.toBeNull();
  });

  test('is of a listed host where hosts are listed', () => {
    const rule = { hosts: ['a.example', '*.b.example'], allowsLoopback: false };
    expect(pushEndpointFault('https://a.example/x', rule)).toBeNull();
    expect(pushEndpointFault('https://x.b.example/x', rule)).toBeNull();
    for (const host of ['x.a.example', 'b.example', 'evil-b.example', 'a.example.evil.example']) {
      expect(pushEndpointFault(`https://${host}/x`, rule)).not.toBeNull();
    }
  });
});

test('a list of hosts is read, and a wrong one is told', () => {
  expect(pushHostsSchema.parse(' fcm.googleapis.com, *.push.apple.com ,')).toEqual([
    'fcm.googleapis.com',
    '*.push.apple.com',
  ]);
  for (const wrong of ['https://a.example', '*x', 'a', '*.*.example']) {
    expect(pushHostsSchema.safeParse(wrong).success).toBe(false);
  }
});
