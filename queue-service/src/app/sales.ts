import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { type InputMistake, Problem } from '@fairgate/shared/problem.ts';
import {
  type RoomSettings,
  type RoomSettingsPatch,
  roomSettingsDefaults,
  roomSettingsSchema,
  type SaleMode,
} from '@fairgate/shared/sale.ts';
import { saleState } from '../domain/phase.ts';
import type { SaleRecord } from '../domain/records.ts';
import { by, type Caller } from './caller.ts';
import { type Difference, differenceOf } from './changes.ts';
import { enterDraw } from './lotteries.ts';
import { madeOnce } from './once.ts';
import type { Catalogue, Changes, Log, PageOf, Rows, SaleFields, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { RoomKeeper } from './room-keeper.ts';
import { requirePublishable, standing } from './sale-states.ts';

export type NewSale = {
  name: string;
  productIds: string[];
  startsAt: number;
  endsAt: number | null;
  mode: SaleMode;
  room: RoomSettingsPatch;
  publish: boolean;
};

export type SalePatch = Changes<Omit<NewSale, 'publish'>>;

export type Sales = {
  create(caller: Caller, sale: NewSale): Promise<SaleRecord>;
  get(id: string): Promise<SaleRecord>;
  page(page: PageOf): Promise<SaleRecord[]>;
  patch(caller: Caller, id: string, patch: SalePatch, expected: Precondition): Promise<SaleRecord>;
  remove(caller: Caller, id: string, expected: Precondition): Promise<void>;
};

type Parts = { store: Store; keeper: RoomKeeper; catalogue: Catalogue; clock: Clock; log: Log };

/** Sales as admins set them. Throws Problems: `invalid-request`, `not-found`, `conflict`. */
export function sales(parts: Parts): Sales {
  const { store, keeper, clock } = parts;
  return {
    async create(caller, input) {
      const sale = await madeOnce(parts, caller, (rows) => createSale(rows, clock, caller, input));
      if (sale.phase !== 'draft') await keeper.tryPush(sale.id);
      return sale;
    },
    get: (id) => existingSale(store, id),
    page: (page) => store.sales.page(page),
    async patch(caller, id, patch, expected) {
      const sale = await store.transaction(async (rows) => {
        const before = await existingSale(rows, id, 'update');
        requireVersion(expected, before.version);
        const difference = await patchSale(rows, clock.now(), before, patch);
        if (difference === null) return before;
        const entry = { action: 'sale.changed', saleId: id, detail: { ...patch } };
        await rows.note({ ...by(caller), ...entry, ...difference });
        const after = await existingSale(rows, id);
        if (after.mode !== before.mode) await enterDraw(rows, after, caller.actor, clock.now());
        return after;
      });
      if (sale.phase !== 'draft') await keeper.tryPush(id);
      return sale;
    },
    remove: (caller, id, expected) => removeSale(parts, caller, id, expected),
  };
}

/** `origin`: what the ledger tells of it besides. */
export async function createSale(
  rows: Rows,
  clock: Clock,
  caller: Caller,
  input: NewSale,
  origin: { copyOf?: string } = {},
): Promise<SaleRecord> {
  const now = clock.now();
  const id = newId('sale', now);
  requireOrder(input.startsAt, input.endsAt);
  const currency = await currencyOf(rows, input.productIds);
  const room = changedSettings(roomSettingsDefaults, input.room);
  const { name, mode, startsAt, endsAt } = input;
  if (input.publish) {
    const offered = input.productIds.map((id) => ({ id }));
    requirePublishable(input, offered, now);
  }
  const phase = input.publish ? (now >= startsAt ? 'open' : 'scheduled') : 'draft';
  await rows.sales.insert({ id, name, phase, mode, currency, startsAt, endsAt, room, now });
  await offer(rows, id, input.productIds);
  const detail = { ...input, room, ...origin };
  await rows.note({ ...by(caller), action: 'sale.created', saleId: id, detail, after: detail });
  if (input.publish) {
    await rows.note({ ...by(caller), action: 'sale.published', saleId: id });
  }
  await enterDraw(rows, { id, phase, mode, room }, caller.actor, now);
  if (phase === 'open') {
    await rows.note({ ...by(caller), action: 'sale.opened', saleId: id });
  }
  return await existingSale(rows, id);
}

async function patchSale(
  rows: Rows,
  now: number,
  before: SaleRecord,
  patch: SalePatch,
): Promise<Difference | null> {
  const state = saleState(standing(before), now);
  if (state === 'closed') throw new Problem('conflict', 'The sale is closed.');
  const early = state === 'draft' || state === 'scheduled' || state === 'lobby';
  const { name, productIds, mode, startsAt, endsAt, room } = patch;
  if (!early && (productIds ?? mode ?? startsAt) !== undefined) {
    const detail = `The sale is ${state}: productIds, startsAt and mode are fixed once it started.`;
    throw new Problem('conflict', detail);
  }
  requireOrder(startsAt ?? before.startsAt, endsAt === undefined ? before.endsAt : endsAt);
  const fields: Changes<SaleFields> = { name, mode, startsAt, endsAt };
  if (room !== undefined) fields.room = changedSettings(before.room, room);
  const difference = differenceOf(before, { ...fields, productIds });
  if (difference === null) return null;
  if (productIds !== undefined) {
    fields.currency = await currencyOf(rows, productIds);
    await offer(rows, before.id, productIds);
  }
  await rows.sales.update(before.id, fields, now);
  return difference;
}

async function removeSale(
  { store, catalogue, clock, log }: Parts,
  caller: Caller,
  id: string,
  expected: Precondition,
): Promise<void> {
  const wasPublic = await store.transaction(async (rows) => {
    const before = await existingSale(rows, id, 'update');
    requireVersion(expected, before.version);
    const state = saleState(standing(before), clock.now());
    if (state !== 'draft' && state !== 'closed') {
      throw new Problem('conflict', `The sale is ${state}: close it first.`);
    }
    const unpaid = { saleId: id, state: 'awaiting_payment', limit: 1 } as const;
    if ((await rows.orders.page(unpaid)).length > 0) {
      throw new Problem('conflict', 'An order of the sale awaits payment: wait until it ends.');
    }
    await rows.sales.release(id);
    await rows.sales.remove(id, clock.now());
    const { name, phase } = before;
    await rows.note({
      ...by(caller),
      action: 'sale.deleted',
      saleId: id,
      before: { name, phase },
    });
    return state === 'closed';
  });
  if (!wasPublic) return;
  // Where Redis is away the room of the closed sale ends by itself, 48 h after the close.
  await Promise.all([catalogue.remove(id), catalogue.forgetRoom(id)]).catch((error: unknown) => {
    log.warn({ saleId: id, err: error }, 'the room of a deleted sale could not be removed');
  });
}

/** The sale, or a `not-found`. `lock`: until the transaction ends. */
export async function existingSale(rows: Rows, id: string, lock?: 'update'): Promise<SaleRecord> {
  const sale = await rows.sales.find(id, lock);
  if (sale === null) throw new Problem('not-found', 'There is no such sale.');
  return sale;
}

function requireOrder(startsAt: number, endsAt: number | null): void {
  if (endsAt !== null && endsAt <= startsAt) {
    throw invalid([{ path: 'endsAt', message: 'must be later than startsAt' }]);
  }
}

/** The products exist and have one currency, which is the sale's. */
async function currencyOf(rows: Rows, productIds: string[]): Promise<string> {
  const found = new Map((await rows.products.offered(productIds)).map((p) => [p.id, p.currency]));
  const unknown = productIds.flatMap((id, i) =>
    found.has(id) ? [] : [{ path: `productIds.${i}`, message: 'there is no such product' }],
  );
  if (unknown.length > 0) throw invalid(unknown);
  const [currency, other] = new Set(found.values());
  if (currency === undefined || other !== undefined) {
    const message = `the products of a sale have one currency, not ${currency} and ${other}`;
    throw invalid([{ path: 'productIds', message }]);
  }
  return currency;
}

async function offer(rows: Rows, saleId: string, productIds: string[]): Promise<void> {
  if (await rows.sales.setProducts(saleId, productIds)) return;
  const detail = 'A product is in another sale that is not closed.';
  throw new Problem('conflict', detail);
}

function invalid(errors: InputMistake[]): Problem {
  return new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}

/** Settings with some of them changed, or taken away by null. */
export function changedSettings(before: RoomSettings, patch: RoomSettingsPatch): RoomSettings {
  const all = Object.entries({ ...before, ...patch });
  return roomSettingsSchema.parse(Object.fromEntries(all.filter(([, value]) => value !== null)));
}
