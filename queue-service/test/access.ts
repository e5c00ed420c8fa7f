import { parseNetwork } from '@fairgate/shared/address.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import type { Redis } from 'ioredis';
import { redisGuard } from '../src/adapters/guard.ts';
import type { Login } from '../src/app/access-ports.ts';
import { keys as makeKeys } from '../src/app/keys.ts';
import type { Log, Store } from '../src/app/ports.ts';
import { sessions as makeSessions } from '../src/app/sessions.ts';
import { signIn } from '../src/app/sign-in.ts';
import { addressReader } from '../src/http/address.ts';

export const silent: Log = { info() {}, warn() {}, error() {} };

/** Who may use the service; believes `X-Forwarded-For` of 10.0.0.0/8. */
export function testAccess(store: Store, redis: Redis, clock: Clock, login: Login | null) {
  const keys = makeKeys({ store, clock });
  const sessions = makeSessions({ store, clock });
  const guard = redisGuard(redis, { loopback: true });
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const proxies = parseNetwork('10.0.0.0/8');
  return {
    keys,
    sessions,
    login,
    signIn: signIn({ store, keys, sessions, login, guard, clock, log: silent, pause }),
    addressOf: addressReader(proxies === null ? [] : [proxies]),
    consoleOrigin: null,
    pauses,
  };
}
