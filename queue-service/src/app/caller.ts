import type { ApiRole } from '../domain/roles.ts';

/** Who somebody is, as a key, a session or a token of the operator's own login says. */
export type Identity = {
  /** As the ledger names them: `key:…`, `user:…`. */
  actor: string;
  /** For people: the key's name, or that of the login. */
  name: string;
  role: ApiRole;
  /** In ms; null: until it is revoked. */
  expiresAt: number | null;
};

/** Who asks, and from where; `address` is null where nobody can tell. */
export type Caller = Identity & {
  address: string | null;
  /** Of a creating call that may be sent again. */
  once: Once | null;
};

/** `Idempotency-Key` and a digest of the request; `replayed` once its stored result was given. */
export type Once = { key: string; digest: string; replayed: boolean };

/** How the ledger names who did it, and from where. */
export function by({ actor, address }: Pick<Caller, 'actor' | 'address'>): {
  actor: string;
  address: string | null;
} {
  return { actor, address };
}
