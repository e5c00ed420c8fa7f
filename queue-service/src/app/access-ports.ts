import type { KeyRecord } from '../domain/records.ts';
import type { ApiRole } from '../domain/roles.ts';
import type { Identity } from './caller.ts';
import type { PageOf } from './ports.ts';

/** `now` in ms: a key that has expired by then does not hold. */
export type KeyRows = {
  insert(key: KeyRecord & { hash: string }): Promise<'inserted' | 'known'>;
  byHash(hash: string, now: number): Promise<KeyRecord | null>;
  /** Expired ones too, until they are revoked. */
  page(page: PageOf): Promise<KeyRecord[]>;
  /** All admin keys that hold, locked, so that two deletions cannot both leave one. */
  lockAdmins(now: number): Promise<KeyRecord[]>;
  revoke(id: string, now: number): Promise<KeyRecord | null>;
  /** Ids of keys, each with when it was used last, in ms. */
  used(times: ReadonlyMap<string, number>): Promise<void>;
};

/** A line of the ledger. `at` in ms. */
export type AuditRecord = {
  id: string;
  at: number;
  actor: string;
  address: string | null;
  action: string;
  saleId: string | null;
  productId: string | null;
  orderId: string | null;
  unitIds: string[];
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  detail: Record<string, unknown>;
};

export type AuditQuery = PageOf & {
  saleId?: string | undefined;
  /** `admins`: keys and users. */
  actor?: string | undefined;
  action?: string | undefined;
};

export type AuditRows = { page(query: AuditQuery): Promise<AuditRecord[]> };

/** Somebody who is signed in at the console; `keyId` where it was by a key. Times in ms. */
export type SessionRecord = Identity & { keyId: string | null; expiresAt: number };

export type SessionRows = {
  insert(session: SessionRecord & { hash: string; createdAt: number }): Promise<void>;
  /** With the role that its key has now; null once it, or its key, has ended. */
  byHash(hash: string, now: number): Promise<SessionRecord | null>;
  remove(hash: string): Promise<void>;
  dropExpired(now: number): Promise<void>;
};

export type Claimed = { kind: 'new' } | { kind: 'known'; result: unknown } | { kind: 'other' };

/** Results of creating calls by `Idempotency-Key`, kept with what they made. */
export type OnceRows = {
  /** Waits for another call with the same key. `other`: it came with another request. */
  claim(actor: string, once: { key: string; digest: string }, now: number): Promise<Claimed>;
  keep(actor: string, key: string, result: unknown): Promise<void>;
  /** Drops those made before `before` (ms). */
  drop(before: number): Promise<void>;
};

export type Barred = { seconds: number; isNew: boolean };

/** Who fails too often is slowed, and then barred for a while. Addresses in their one form. */
export type Guard = {
  /** Seconds for which the address is barred; null where it is not. */
  barredSeconds(address: string): Promise<number | null>;
  /** How often it failed within the window by now; `barred` from here on, `isNew`: by this one. */
  failed(address: string): Promise<{ failures: number; barred: Barred | null }>;
  succeeded(address: string): Promise<void>;
};

/** The operator's own login: OpenID Connect. */
export type Login = {
  /** As people call it. */
  name: string;
  /** Who a token of the issuer is about; null where it is not good for anything here. */
  whose(token: string): Promise<Identity | null>;
  /** Where the browser goes to sign in, and what has to come back with it. */
  begin(redirectUri: string): Promise<{ url: string; state: LoginState }>;
  /** Throws where the issuer did not say who it is. */
  finish(callbackUrl: URL, state: LoginState): Promise<Identity | null>;
};

/** Kept by the browser, in a cookie that no script reads, until it is back. */
export type LoginState = { state: string; nonce: string; verifier: string };

export type OidcSettings = {
  issuer: string;
  clientId: string;
  /** None for a public client, which proves itself by PKCE alone. */
  clientSecret: string | undefined;
  /** Of tokens that come as `Authorization: Bearer`. */
  audience: string;
  name: string;
  /** The claim that lists what somebody is, and its value for each role. */
  rolesClaim: string;
  roles: Record<ApiRole, string>;
};
