import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Guard, Login } from './access-ports.ts';
import type { Identity } from './caller.ts';
import type { Keys } from './keys.ts';
import type { Log, Store } from './ports.ts';
import type { Sessions } from './sessions.ts';

/** What a request brings to say who it is from. */
export type Credential =
  | { kind: 'none' }
  | { kind: 'bearer'; secret: string }
  | { kind: 'session'; secret: string };

export type Known = Identity & { keyId: string | null };

/**
 * Who a request is from, or null. Wrong credentials of one address are answered ever more slowly,
 * and then not looked at for a while: `rate-limited`. `address` null: nobody counts.
 */
export type SignIn = (credential: Credential, address: string | null) => Promise<Known | null>;

type Parts = {
  store: Store;
  keys: Keys;
  sessions: Sessions;
  login: Login | null;
  guard: Guard;
  clock: Clock;
  log: Log;
  pause(ms: number): Promise<void>;
};

/** Failures that cost nothing; each one above doubles the wait. */
const freeFailures = 3;
const slowedMs = 50;
const slowedMsMax = 2_000;
/** Answers that are held back at a time: no more, so that slowing others costs us nothing. */
const slowedAtOnceMax = 200;
/** For how long it is taken as known whether an address is barred. */
const askedMs = 1_000;
const addressesMax = 10_000;

export function signIn(parts: Parts): SignIn {
  const { guard, clock } = parts;
  const hold = holdingBack(parts.pause);
  const asked = new Map<string, { until: number; seconds: number | null; failed: boolean }>();
  const remember = (address: string, seconds: number | null, failed: boolean) => {
    if (asked.size >= addressesMax) asked.clear();
    asked.set(address, { until: clock.now() + askedMs, seconds, failed });
  };
  const barredSeconds = async (address: string) => {
    const known = asked.get(address);
    if (known !== undefined && clock.now() < known.until) return known.seconds;
    const seconds = await guard.barredSeconds(address);
    remember(address, seconds, known?.failed ?? false);
    return seconds;
  };
  const fail = async (address: string) => {
    const { failures, barred } = await guard.failed(address);
    remember(address, barred?.seconds ?? null, true);
    if (barred === null) return await hold(failures);
    if (barred.isNew) await noteBarred(parts, address, failures, barred.seconds);
    throw tooMany(barred.seconds);
  };
  return async (credential, address) => {
    if (credential.kind === 'none') return null;
    const seconds = address === null ? null : await barredSeconds(address);
    if (seconds !== null) throw tooMany(seconds);
    const known = await whose(parts, credential);
    // A session that has ended is no guess: the console asks again, and learns so.
    if (address === null || (known === null && credential.kind === 'session')) return known;
    if (known === null) await fail(address);
    else if (asked.get(address)?.failed === true) {
      remember(address, null, false);
      await guard.succeeded(address);
    }
    return known;
  };
}

/** Holds an answer back, the longer the more failures there were. */
function holdingBack(pause: Parts['pause']): (failures: number) => Promise<void> {
  let held = 0;
  return async (failures) => {
    if (failures <= freeFailures || held >= slowedAtOnceMax) return;
    held += 1;
    const ms = Math.min(slowedMsMax, slowedMs * 2 ** (failures - freeFailures));
    await pause(ms).finally(() => {
      held -= 1;
    });
  };
}

async function noteBarred({ store, log }: Parts, address: string, failures: number, s: number) {
  log.warn({ failures }, 'an address is barred from signing in for a while');
  const detail = { failures, seconds: s };
  await store.note({ actor: 'system:sign-in', address, action: 'address.barred', detail });
}

function tooMany(seconds: number): Problem {
  const detail = 'Too many wrong credentials came from your address.';
  return new Problem('rate-limited', { detail, retryAfterSeconds: seconds });
}

/** No key of ours looks like one. */
const jwtForm = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

async function whose({ keys, sessions, login }: Parts, credential: Credential) {
  switch (credential.kind) {
    case 'none':
      return null;
    case 'session':
      return await sessions.whose(credential.secret);
    case 'bearer': {
      if (!jwtForm.test(credential.secret)) return await keys.whose(credential.secret);
      const identity = (await login?.whose(credential.secret)) ?? null;
      return identity && { ...identity, keyId: null };
    }
  }
}
