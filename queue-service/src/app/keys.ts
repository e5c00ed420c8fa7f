import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { KeyRecord } from '../domain/records.ts';
import type { ApiRole } from '../domain/roles.ts';
import { by, type Caller, type Identity } from './caller.ts';
import { madeOnce } from './once.ts';
import type { PageOf, Store } from './ports.ts';

/** `expiresAt` in ms; null: until it is revoked. */
export type NewKey = { name: string; role: ApiRole; expiresAt: number | null };

export type KeyIdentity = Identity & { keyId: string };

export type Keys = {
  /** Whose key this is, or null; an answer may be a second old. */
  whose(key: string): Promise<KeyIdentity | null>;
  /**
   * The key itself is in this answer alone; only its hash is kept. `conflict` where it was made
   * before by the same Idempotency-Key: it cannot be shown again.
   */
  create(caller: Caller, wish: NewKey): Promise<KeyRecord & { key: string }>;
  page(page: PageOf): Promise<KeyRecord[]>;
  /** `conflict` where it is the last admin key. */
  revoke(caller: Caller, id: string): Promise<void>;
  /** The first admin key, from the settings. Once revoked it stays so. */
  bootstrap(key: string): Promise<void>;
  /** Writes down when keys were used last. */
  noteUses(): Promise<void>;
};

const cacheMs = 1_000;
/** Found keys only, so that guessing fills nothing. */
const cachedMax = 1_000;

export function keys({ store, clock }: { store: Store; clock: Clock }): Keys {
  const cache = new Map<string, { identity: KeyIdentity; until: number }>();
  let uses = new Map<string, number>();
  const find = async (hash: string) => {
    const found = await store.keys.byHash(hash, clock.now());
    if (found === null) return null;
    if (cache.size >= cachedMax) cache.clear();
    const identity = identityOf(found);
    cache.set(hash, { identity, until: clock.now() + cacheMs });
    return identity;
  };
  return {
    async whose(key) {
      const hash = secretHash(key);
      const cached = cache.get(hash);
      const isFresh = cached !== undefined && clock.now() < cached.until;
      if (!isFresh) cache.delete(hash);
      const identity = isFresh ? cached.identity : await find(hash);
      if (identity !== null) uses.set(identity.keyId, clock.now());
      return identity;
    },
    create: (caller, wish) => createKey({ store, clock }, caller, wish),
    page: (page) => store.keys.page(page),
    async revoke(caller, id) {
      await revokeKey({ store, clock }, caller, id);
      cache.clear();
    },
    async bootstrap(key) {
      const record = newRecord({ name: 'first', role: 'admin', expiresAt: null }, clock.now());
      await store.transaction(async (rows) => {
        const made = await rows.keys.insert({ ...record, hash: secretHash(key) });
        if (made === 'known') return;
        const after = told(record);
        await rows.note({ actor: 'system:bootstrap', action: 'key.created', detail: after, after });
      });
    },
    async noteUses() {
      const noted = uses;
      if (noted.size === 0) return;
      uses = new Map();
      await store.keys.used(noted);
    },
  };
}

type Parts = { store: Store; clock: Clock };

async function createKey(parts: Parts, caller: Caller, wish: NewKey) {
  const key = `fgk_${randomBytes(32).toString('base64url')}`;
  const made = await madeOnce(parts, caller, async (rows) => {
    const now = parts.clock.now();
    if (wish.expiresAt !== null && wish.expiresAt <= now) {
      const errors = [{ path: 'expiresAt', message: 'is over already' }];
      throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
    }
    const record = newRecord(wish, now);
    await rows.keys.insert({ ...record, hash: secretHash(key) });
    const after = told(record);
    await rows.note({ ...by(caller), action: 'key.created', detail: after, after });
    return record;
  });
  if (caller.once?.replayed === true) {
    const detail = `The key ${made.id} was made by this Idempotency-Key, and shown once.`;
    throw new Problem('conflict', { detail, extra: { keyId: made.id } });
  }
  return { ...made, key };
}

async function revokeKey({ store, clock }: Parts, caller: Caller, id: string): Promise<void> {
  await store.transaction(async (rows) => {
    const admins = await rows.keys.lockAdmins(clock.now());
    // One that expires may be gone before anybody notices.
    const lasting = admins.filter((admin) => admin.expiresAt === null);
    if (lasting.length === 1 && lasting[0]?.id === id) {
      const detail = 'It is the last admin key that does not expire; make another one first.';
      throw new Problem('conflict', detail);
    }
    const revoked = await rows.keys.revoke(id, clock.now());
    if (revoked === null) throw new Problem('not-found', 'There is no such key.');
    const before = told(revoked);
    await rows.note({ ...by(caller), action: 'key.revoked', detail: before, before });
  });
}

function newRecord(wish: NewKey, now: number): KeyRecord {
  return { id: newId('key', now), ...wish, createdAt: now, lastUsedAt: null };
}

/** What the ledger tells of a key. */
function told({ id, name, role, expiresAt }: KeyRecord) {
  return { keyId: id, name, role, expiresAt };
}

function identityOf({ id, name, role, expiresAt }: KeyRecord): KeyIdentity {
  return { keyId: id, actor: `key:${id}`, name, role, expiresAt };
}

/** Keys and sessions are 256 random bits, so a fast hash is enough. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
