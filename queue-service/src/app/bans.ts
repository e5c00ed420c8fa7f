import { isDeepStrictEqual } from 'node:util';
import { type BanKind, bansMax } from '@fairgate/shared/bans/ban.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { BanRecord } from '../domain/records.ts';
import { by, type Caller } from './caller.ts';
import { madeOnce } from './once.ts';
import type { DoorCounts, Log, PageOf, PublishedBans, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';

/** `value` in its one form; `expiresAt` in ms, null: until it is lifted. */
export type NewBan = { kind: BanKind; value: string; reason: string; expiresAt: number | null };

export type Bans = {
  /** `conflict` where there are as many as a list may hold. */
  create(caller: Caller, ban: NewBan): Promise<BanRecord>;
  get(id: string): Promise<BanRecord>;
  page(page: PageOf): Promise<BanRecord[]>;
  remove(caller: Caller, id: string, expected: Precondition): Promise<void>;
  /** Drops what has expired, and publishes what Redis does not have as Postgres has it. */
  keep(): Promise<void>;
};

export type BanParts = {
  store: Store;
  published: PublishedBans;
  counts: DoorCounts;
  clock: Clock;
  log: Log;
};

/** A ban is not changed: it is lifted, and another one made. */
export const banVersion = 1;

/** Bans: row and ledger in one transaction, then the list for the gateways. */
export function bans(parts: BanParts): Bans {
  const { store, counts, clock } = parts;
  return {
    async create(caller, wish) {
      const ban = await madeOnce(parts, caller, async (rows) => {
        const now = clock.now();
        if (wish.expiresAt !== null && wish.expiresAt <= now) throw alreadyOver();
        const made = { ...wish, id: newId('ban', now), actor: caller.actor, createdAt: now };
        await rows.bans.lock();
        if ((await rows.bans.count(now)) >= bansMax) {
          throw new Problem('conflict', `There are ${bansMax} bans already; lift some first.`);
        }
        await rows.bans.insert(made);
        const detail = detailOf(made);
        await rows.note({ ...by(caller), action: 'ban.created', detail, after: detail });
        return made;
      });
      await tryPublish(parts);
      return ban;
    },
    get: (id) => existing(store, id, clock.now()),
    page: (page) => store.bans.page(page, clock.now()),
    async remove(caller, id, expected) {
      const lifted = await store.transaction(async (rows) => {
        await rows.bans.lock();
        const ban = await existing(rows, id, clock.now());
        requireVersion(expected, banVersion);
        await rows.bans.remove(id);
        const detail = detailOf(ban);
        await rows.note({ ...by(caller), action: 'ban.lifted', detail, before: detail });
        return ban;
      });
      // Whoever was banned for what was counted would be banned again by the next one.
      await counts.forget(lifted.value).catch((error: unknown) => {
        parts.log.warn({ banId: id, err: error }, 'what was counted could not be forgotten');
      });
      await tryPublish(parts);
    },
    async keep() {
      await store.transaction(async (rows) => {
        for (const ban of await rows.bans.dropExpired(clock.now())) {
          const detail = detailOf(ban);
          await rows.note({ actor: 'system:bans', action: 'ban.expired', detail, before: detail });
        }
      });
      await publish(parts);
    },
  };
}

/** What stands in the ledger of a ban. */
export function detailOf({ id, kind, value, reason, expiresAt }: BanRecord) {
  return { banId: id, kind, value, reason, expiresAt };
}

/** As `publish`, but a failure is only logged: `keep` repeats it within a second. */
export async function tryPublish(parts: BanParts): Promise<void> {
  await publish(parts).catch((error: unknown) => {
    parts.log.warn({ err: error }, 'the bans could not be published; it is tried again');
  });
}

async function publish({ store, published, clock }: BanParts): Promise<void> {
  const held = await published.read();
  const now = clock.now();
  const known = await store.bans.holding(now);
  if (held !== null && isDeepStrictEqual(known, held.bans)) return;
  // The version first: a list with a higher one was read later.
  const version = await store.bans.nextVersion(held?.version ?? 0);
  await published.publish({ version, bans: await store.bans.holding(now) });
}

async function existing(rows: Pick<Store, 'bans'>, id: string, now: number): Promise<BanRecord> {
  const ban = await rows.bans.find(id, now);
  if (ban === null) throw new Problem('not-found', 'There is no such ban.');
  return ban;
}

function alreadyOver(): Problem {
  const errors = [{ path: 'expiresAt', message: 'is over already' }];
  return new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}
