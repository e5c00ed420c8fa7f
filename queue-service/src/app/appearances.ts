import { isDeepStrictEqual } from 'node:util';
import { sizeFaults } from '@fairgate/shared/appearance/rules.ts';
import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type AppearanceRecord, noAppearance } from '../domain/records.ts';
import type { CleanHtml } from './appearance-ports.ts';
import { by, type Caller } from './caller.ts';
import { differenceOf } from './changes.ts';
import type { Rows, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { RoomKeeper } from './room-keeper.ts';
import { existingSale } from './sales.ts';

/** `removed`: what was taken out of its HTML. */
export type PutAppearance = AppearanceRecord & { removed: string[] };

/**
 * The shop's own look of a sale's pages: cleaned, kept in Postgres, then told to the room. Shoppers
 * see it within 2 s. Throws Problems: `not-found`, `precondition-failed`; for changes `conflict` where
 * the sale is closed, and `invalid-request` where it is too large once cleaned.
 */
export type Appearances = {
  get(saleId: string): Promise<AppearanceRecord>;
  put(
    caller: Caller,
    saleId: string,
    appearance: Appearance,
    expected: Precondition,
  ): Promise<PutAppearance>;
  remove(caller: Caller, saleId: string, expected: Precondition): Promise<void>;
};

type Parts = { store: Store; keeper: RoomKeeper; clean: CleanHtml; clock: Clock };

export function appearances(parts: Parts): Appearances {
  const { store } = parts;
  return {
    async get(saleId) {
      await existingSale(store, saleId);
      return (await store.appearances.find(saleId)) ?? noAppearance;
    },
    async put(caller, saleId, given, expected) {
      const { appearance, removed } = cleaned(given, parts.clean);
      const record = await change(parts, caller, { saleId, appearance, expected });
      return { ...record, removed };
    },
    async remove(caller, saleId, expected) {
      await change(parts, caller, { saleId, appearance: {}, expected });
    },
  };
}

type Change = { saleId: string; appearance: Appearance; expected: Precondition };

async function change(
  { store, keeper, clock }: Parts,
  caller: Caller,
  { saleId, appearance, expected }: Change,
): Promise<AppearanceRecord> {
  const made = await store.transaction(async (rows) => {
    const { phase } = await existingSale(rows, saleId, 'update');
    const before = (await rows.appearances.find(saleId)) ?? noAppearance;
    requireVersion(expected, before.version);
    if (phase === 'closed') throw new Problem('conflict', 'The sale is closed.');
    if (isDeepStrictEqual(before.appearance, appearance)) return { record: before, isTold: true };
    await write(rows, saleId, appearance, clock.now());
    const difference = wholeDifference(before.appearance, appearance);
    await rows.note({ ...by(caller), action: 'appearance.changed', saleId, ...difference });
    const record = (await rows.appearances.find(saleId)) ?? noAppearance;
    return { record, isTold: phase === 'draft' };
  });
  if (!made.isTold) await keeper.tryPush(saleId);
  return made.record;
}

/** The sale has a new version, so that its room is told, also after a fault. */
async function write(
  rows: Rows,
  saleId: string,
  appearance: Appearance,
  now: number,
): Promise<void> {
  await rows.appearances.put(saleId, appearance, now);
  await rows.sales.update(saleId, {}, now);
}

/** What is not given is taken away. */
function wholeDifference(before: Appearance, after: Appearance) {
  const gone = Object.keys(before).filter((name) => !(name in after));
  return differenceOf(
    { ...before },
    { ...Object.fromEntries(gone.map((n) => [n, null])), ...after },
  );
}

function cleaned({ html, ...rest }: Appearance, clean: CleanHtml) {
  const removed = new Set<string>();
  const one = (text: string) => {
    const result = clean(text);
    for (const what of result.removed) removed.add(what);
    return result.html;
  };
  const appearance: Appearance = { ...rest };
  if (typeof html === 'string') appearance.html = one(html);
  else if (html !== undefined) {
    appearance.html = Object.fromEntries(
      Object.entries(html).map(([language, text]) => [language, one(text)]),
    );
  }
  // What is cleaned can be longer: `&` is written as `&amp;`.
  const errors = sizeFaults(appearance).map(({ path, message }) => {
    return { path: path.join('.'), message: `${message} once it is cleaned` };
  });
  if (errors.length > 0) {
    throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
  }
  return { appearance, removed: [...removed] };
}
