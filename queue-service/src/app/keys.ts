import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { KeyRecord } from '../domain/records.ts';
import type { ApiRole } from '../domain/roles.ts';
import type { Caller, PageOf, Store } from './ports.ts';
import { actor } from './products.ts';

export type Keys = {
  /** Whose key this is, or null; an answer may be a second old. */
  whose(key: string): Promise<Caller | null>;
  /** The key itself is in this answer alone; only its hash is kept. */
  create(caller: Caller, name: string, role: ApiRole): Promise<KeyRecord & { key: string }>;
  page(page: PageOf): Promise<KeyRecord[]>;
  /** `conflict` where it is the last admin key. */
  revoke(caller: Caller, id: string): Promise<void>;
  /** The first admin key, from the settings. Once revoked it stays so. */
  bootstrap(key: string): Promise<void>;
};

const cacheMs = 1_000;
/** Found keys only, so that guessing fills nothing. */
const cachedMax = 1_000;

export function keys({ store, clock }: { store: Store; clock: Clock }): Keys {
  const cache = new Map<string, { caller: Caller; until: number }>();
  return {
    async whose(key) {
      const hash = hashOf(key);
      const cached = cache.get(hash);
      if (cached && clock.now() < cached.until) return cached.caller;
      cache.delete(hash);
      const found = await store.keys.byHash(hash);
      if (found === null) return null;
      if (cache.size >= cachedMax) cache.clear();
      const caller = { keyId: found.id, role: found.role };
      cache.set(hash, { caller, until: clock.now() + cacheMs });
      return caller;
    },
    async create(caller, name, role) {
      const key = `fgk_${randomBytes(32).toString('base64url')}`;
      const record = { id: newId('key', clock.now()), name, role, createdAt: clock.now() };
      await store.transaction(async (rows) => {
        await rows.keys.insert({ ...record, hash: hashOf(key) });
        const detail = { keyId: record.id, name, role };
        await rows.note({ actor: actor(caller), action: 'key.created', detail });
      });
      return { ...record, key };
    },
    page: (page) => store.keys.page(page),
    async revoke(caller, id) {
      await store.transaction(async (rows) => {
        const admins = await rows.keys.lockAdmins();
        if (admins.length === 1 && admins[0]?.id === id) {
          throw new Problem('conflict', 'It is the last admin key; make another one first.');
        }
        const revoked = await rows.keys.revoke(id, clock.now());
        if (revoked === null) throw new Problem('not-found', 'There is no such key.');
        const detail = { keyId: id, name: revoked.name, role: revoked.role };
        await rows.note({ actor: actor(caller), action: 'key.revoked', detail });
      });
      cache.clear();
    },
    async bootstrap(key) {
      const id = newId('key', clock.now());
      const record = { id, name: 'first', role: 'admin' as const, createdAt: clock.now() };
      await store.transaction(async (rows) => {
        const made = await rows.keys.insert({ ...record, hash: hashOf(key) });
        if (made === 'known') return;
        const detail = { keyId: id, name: record.name, role: record.role };
        await rows.note({ actor: 'system:bootstrap', action: 'key.created', detail });
      });
    },
  };
}

/** Keys are 256 random bits, so a fast hash is enough. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
