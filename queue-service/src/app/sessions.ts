import { randomBytes } from 'node:crypto';
import type { Clock } from '@fairgate/shared/clock.ts';
import type { SessionRecord } from './access-ports.ts';
import { by, type Identity } from './caller.ts';
import { secretHash } from './keys.ts';
import { onceMs } from './once.ts';
import type { Store } from './ports.ts';

export type Sessions = {
  /** Signs somebody in; the secret is for their cookie alone. It ends with a key that expires. */
  begin(who: Identity & { keyId: string | null }, address: string | null): Promise<Begun>;
  /** Null once it has ended; an answer may be a second old. */
  whose(secret: string): Promise<SessionRecord | null>;
  end(secret: string, address: string | null): Promise<void>;
  /** Forgets what is over: sessions, and results of calls that nobody sends again. */
  tidy(): Promise<void>;
};

export type Begun = { secret: string; session: SessionRecord };

/** A day's work; a key or a login that ends sooner ends it. */
export const sessionMs = 12 * 3_600_000;
const cacheMs = 1_000;
const cachedMax = 1_000;

export function sessions({ store, clock }: { store: Store; clock: Clock }): Sessions {
  const cache = new Map<string, { session: SessionRecord; until: number }>();
  return {
    async begin({ keyId, actor, name, role, expiresAt }, address) {
      const now = clock.now();
      const secret = randomBytes(32).toString('base64url');
      // An id token only says who it is: it lives for minutes.
      const keyEnds = keyId === null ? null : expiresAt;
      const until = Math.min(now + sessionMs, keyEnds ?? Number.POSITIVE_INFINITY);
      const session = { actor, name, role, keyId, expiresAt: until };
      await store.transaction(async (rows) => {
        await rows.sessions.insert({ ...session, hash: secretHash(secret), createdAt: now });
        const detail = { name, role, expiresAt: until };
        await rows.note({ actor, address, action: 'session.begun', detail });
      });
      return { secret, session };
    },
    async whose(secret) {
      const hash = secretHash(secret);
      const cached = cache.get(hash);
      if (cached !== undefined && clock.now() < cached.until) return cached.session;
      cache.delete(hash);
      const session = await store.sessions.byHash(hash, clock.now());
      if (session === null) return null;
      if (cache.size >= cachedMax) cache.clear();
      cache.set(hash, { session, until: clock.now() + cacheMs });
      return session;
    },
    async end(secret, address) {
      const hash = secretHash(secret);
      cache.delete(hash);
      await store.transaction(async (rows) => {
        const session = await rows.sessions.byHash(hash, clock.now());
        if (session === null) return;
        await rows.sessions.remove(hash);
        await rows.note({ ...by({ ...session, address }), action: 'session.ended' });
      });
    },
    async tidy() {
      await store.sessions.dropExpired(clock.now());
      await store.once.drop(clock.now() - onceMs);
    },
  };
}
