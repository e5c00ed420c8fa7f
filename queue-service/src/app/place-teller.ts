import type { Clock } from '@fairgate/shared/clock.ts';
import { recipientDigest } from '@fairgate/shared/notices/unsubscribing.ts';
import { lanes } from '@fairgate/shared/place.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import type { RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { StandingReply } from '@fairgate/shared/room/standings.ts';
import {
  againKind,
  isSo,
  isSoldOut,
  isUndrawn,
  type PlaceNoticeKind,
  soonUpTo,
  usefulUntil,
} from '../domain/telling.ts';
import { eachOf } from './each-of.ts';
import type { AskStream, NewestAsk, StoredAsk, Subscriber, TellingSale } from './place-ports.ts';
import { tellToo } from './place-shops.ts';
import type { Log, Store } from './ports.ts';

export type TellerParts = {
  store: Pick<Store, 'places' | 'transaction'>;
  asks: AskStream;
  room: Pick<Room, 'advance' | 'standing' | 'admitted'>;
  clock: Clock;
  log: Log;
};

/** Visitors in one statement, and in one command of the room. */
const stepMax = 500;
const admittedMax = 2_000;
/** Of one sale in one pass; the others have their turn, and the rest the next one. */
const stepsMax = 20;
const salesAtOnce = 8;
/** Asks of the last moments of a sale are still taken, and its end is told. */
const closedMs = 3_600_000;
/** Whoever was let in is looked for among the newest admissions, and so often among all of them. */
const wholeLookEvery = 10;

/**
 * One pass over all sales: `asks in Redis → subscriptions → who is let in, who soon, and that all is sold → notices`.
 * Any number of instances may do it at once: each notice is a row that there is once. Of people
 * who did not ask nothing is read, and of those who did only whoever it is time for.
 */
export function placeTeller(parts: TellerParts): () => Promise<void> {
  const { store, clock } = parts;
  /** By sale: up to which deadline its admissions were looked at. */
  const lookedUpTo = new Map<string, number>();
  let passes = 0;
  return async () => {
    if (passes % wholeLookEvery === 0) lookedUpTo.clear();
    passes += 1;
    const sales = await store.places.sales(clock.now() - closedMs);
    await eachOf(sales, salesAtOnce, async (sale) => {
      const fresh = await drain(parts, sale.id);
      if (sale.hasSubscribers || fresh.length > 0) {
        await tellOf(parts, sale, fresh, lookedUpTo);
      }
    });
  };
}

/** Puts asks into Postgres, and then out of Redis. Answers whose they were. */
async function drain({ store, asks, clock, log }: TellerParts, saleId: string): Promise<string[]> {
  const visitors = new Set<string>();
  for (let step = 0; step < stepsMax; step += 1) {
    const found = await asks.read(saleId, stepMax);
    const readable = found.flatMap(({ ask }) => (ask === null ? [] : [ask]));
    if (readable.length < found.length) log.error({ saleId }, 'an ask for notices is not readable');
    if (readable.length > 0) await keepAsks({ store, clock }, saleId, newest(readable));
    await asks.drop(
      saleId,
      found.map(({ id }) => id),
    );
    for (const { visitor } of readable) visitors.add(visitor);
    if (found.length < stepMax) break;
  }
  return [...visitors];
}

/** An address that was given of whoever had unsubscribed is asked whether it was them. */
async function keepAsks(
  { store, clock }: Pick<TellerParts, 'store' | 'clock'>,
  saleId: string,
  asks: NewestAsk[],
): Promise<void> {
  const now = clock.now();
  // Both or nothing: what was kept is not kept again by the next pass, and nobody would be asked.
  await store.transaction(async ({ places }) => {
    const kept = new Set(await places.keep(saleId, asks, now));
    const given = asks.flatMap(({ visitor, number, email, emailGivenAt }) => {
      if (!email || emailGivenAt === null || !kept.has(visitor)) return [];
      const recipient = recipientDigest(saleId, email);
      return [{ visitor, number, recipient, givenAt: Math.floor(emailGivenAt / 1_000) }];
    });
    if (given.length === 0) return;
    await places.askAgain(saleId, given, now, usefulUntil(againKind, now, 0));
  });
}

/** One of each visitor: what a later one leaves out is as the one before it has it. */
export function newest(asks: readonly StoredAsk[]): NewestAsk[] {
  const byVisitor = new Map<string, NewestAsk>();
  for (const ask of asks) {
    const given = Object.entries(ask).filter(([, value]) => value !== undefined);
    const before = byVisitor.get(ask.visitor);
    const emailGivenAt = ask.email === undefined ? (before?.emailGivenAt ?? null) : ask.askedAt;
    byVisitor.set(ask.visitor, { ...ask, ...before, ...Object.fromEntries(given), emailGivenAt });
  }
  return [...byVisitor.values()];
}

async function tellOf(
  parts: TellerParts,
  { id: saleId, mode }: TellingSale,
  fresh: string[],
  lookedUpTo: Map<string, number>,
): Promise<void> {
  const { room, store } = parts;
  const snapshot = await room.advance(saleId);
  if (snapshot === null) return;
  if (mode === 'lottery' && !isUndrawn(snapshot)) await rank(parts, saleId, snapshot);
  await tellAdmitted(parts, saleId, fresh);
  await tellAdmitted(parts, saleId, await admittedSince(parts, saleId, lookedUpTo));
  for (const lane of lanes) {
    const upTo = soonUpTo(snapshot, lane, parts.clock.now());
    if (upTo === null) continue;
    await inSteps(() => store.places.nearly(saleId, lane, upTo, stepMax), decider(parts, saleId));
  }
  if (isSoldOut(snapshot)) {
    const unsold = () => store.places.unsold(saleId, stepMax);
    await inSteps(unsold, decider(parts, saleId, 'sold-out'));
  }
}

async function rank({ store }: TellerParts, saleId: string, snapshot: RoomSnapshot): Promise<void> {
  await inSteps(
    () => store.places.unranked(saleId, stepMax),
    async (found) => {
      const ranked = found.map((one) => ({ ...one, score: snapshot.scoreOf(one.number) }));
      await store.places.rank(saleId, ranked);
    },
  );
}

/** Whoever was let in since the last pass, and alive: a bounded list, whoever asked to be told or not. */
async function admittedSince(
  { room }: TellerParts,
  saleId: string,
  lookedUpTo: Map<string, number>,
): Promise<string[]> {
  const visitors: string[] = [];
  let after = lookedUpTo.get(saleId) ?? 0;
  for (let step = 0; step < stepsMax; step += 1) {
    const found = await room.admitted(saleId, after, admittedMax);
    visitors.push(...found.map(({ visitor }) => visitor));
    const [first, last] = [found[0]?.untilMs, found.at(-1)?.untilMs];
    if (first === undefined || last === undefined) break;
    const isWhole = found.length < admittedMax;
    // Behind a full step some may have the same deadline as its last; of one that is all of one
    // deadline the rest is left out: a step admits far fewer at a time.
    after = isWhole || first === last ? last : last - 1;
    if (isWhole) break;
  }
  lookedUpTo.set(saleId, after);
  return visitors;
}

async function tellAdmitted(
  { store, room, clock }: TellerParts,
  saleId: string,
  visitors: string[],
): Promise<void> {
  for (let from = 0; from < visitors.length; from += stepMax) {
    const own = await store.places.among(saleId, visitors.slice(from, from + stepMax));
    const standings = await room.standing(
      saleId,
      own.map(({ visitor }) => visitor),
    );
    const now = clock.now();
    const told = own.flatMap(({ visitor, lane }, i) => {
      const standing = standings[i];
      if (standing === undefined || !isSo('your-turn', standing, now)) return [];
      return [{ visitor, lane, number: standing.number, usefulUntil: standing.untilMs }];
    });
    if (told.length === 0) continue;
    await store.transaction((rows) => tellToo(rows, 'your-turn', { saleId, told, now }));
  }
}

/** Tells those of whom it is so, and decides for all, so that nobody is looked at each second. */
function decider(
  { store, room, clock }: TellerParts,
  saleId: string,
  kind: Exclude<PlaceNoticeKind, 'your-turn'> = 'soon',
) {
  return async (found: Subscriber[]): Promise<void> => {
    const standings = await room.standing(
      saleId,
      found.map(({ visitor }) => visitor),
    );
    const now = clock.now();
    const all = found.map((one, i) => ({ ...one, standing: standings[i] }));
    const moved = all.flatMap(({ standing, ...one }) => movedTo(one, standing));
    const stayed = all.filter(({ visitor }) => !moved.some((one) => one.visitor === visitor));
    const told = stayed.flatMap(({ visitor, number, lane, standing }) => {
      if (standing === undefined || !isSo(kind, standing, now)) return [];
      return [{ visitor, number, lane, usefulUntil: usefulUntil(kind, now, 0) }];
    });
    await store.transaction(async (rows) => {
      await rows.places.rank(saleId, moved);
      await rows.places.decide(kind, saleId, stayed);
      await tellToo(rows, kind, { saleId, told, now });
    });
  };
}

/** Whoever has another place by now than the one they asked for is looked at when it is time for that. */
function movedTo(one: Subscriber, standing: StandingReply | undefined) {
  if (standing?.state !== 'waiting' || standing.number === one.number) return [];
  const { number, lane, score } = standing;
  return [{ visitor: one.visitor, number, lane, score }];
}

async function inSteps(
  read: () => Promise<Subscriber[]>,
  work: (found: Subscriber[]) => Promise<void>,
): Promise<void> {
  for (let step = 0; step < stepsMax; step += 1) {
    const found = await read();
    if (found.length > 0) await work(found);
    if (found.length < stepMax) return;
  }
}
