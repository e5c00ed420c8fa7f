import type { Clock } from '@fairgate/shared/clock.ts';
import { type InputMistake, Problem } from '@fairgate/shared/problem.ts';
import type { Finding } from '../domain/checks.ts';
import { deletedProducts } from '../domain/checks-stock.ts';
import { endPassed } from '../domain/checks-times.ts';
import {
  dueTransition,
  type SaleAction,
  type Standing,
  saleState,
  type Transition,
  transition,
} from '../domain/phase.ts';
import type { SaleRecord } from '../domain/records.ts';
import { by, type Caller } from './caller.ts';
import { enterDraw } from './lotteries.ts';
import type { Rows, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { RoomKeeper } from './room-keeper.ts';

export type SaleStates = {
  /**
   * Moves a sale by hand. The change is kept in Postgres first, and then told to the room before
   * this resolves: after a pause nobody is admitted. Where the room's Redis cannot be reached no
   * admission can be made there either, and the timer tells it within a second of its return.
   */
  act(caller: Caller, id: string, action: SaleAction, asked: Asked): Promise<SaleRecord>;
  /** Records what the clock did: opens and closes sales, once, whoever is first. */
  keepSchedules(): Promise<void>;
};

/** `confirm`: the sale's name, typed again. */
export type Asked = { expected: Precondition; confirm?: string | undefined };

type Parts = { store: Store; keeper: RoomKeeper; clock: Clock };

const past: Record<SaleAction, string> = {
  publish: 'sale.published',
  open: 'sale.opened',
  pause: 'sale.paused',
  resume: 'sale.resumed',
  close: 'sale.closed',
};

export function saleStates({ store, keeper, clock }: Parts): SaleStates {
  return {
    async act(caller, id, action, asked) {
      const { sale, outcome } = await store.transaction(async (rows) => {
        const before = await rows.sales.find(id, 'update');
        if (before === null) throw new Problem('not-found', 'There is no such sale.');
        requireAsked(before, asked);
        const now = clock.now();
        const result = transition(action, standing(before), await rows.sales.wasOpened(id), now);
        const note = { ...by(caller), action: past[action] };
        const after = await apply(rows, before, action, result, note, now);
        return { sale: after, outcome: result };
      });
      // Told again even where nothing moved: whoever repeats a pause wants it to be so.
      if (outcome.kind !== 'refused' && sale.phase !== 'draft') await keeper.tryPush(id);
      return sale;
    },
    async keepSchedules() {
      for (const sale of await store.sales.rooms(null)) {
        if (dueTransition(standing(sale), clock.now()) === null) continue;
        if (await store.transaction((rows) => keepSchedule(rows, sale.id, clock.now()))) {
          await keeper.tryPush(sale.id);
        }
      }
    },
  };
}

async function apply(
  rows: Rows,
  before: SaleRecord,
  action: SaleAction,
  result: Transition,
  note: { actor: string; address: string | null; action: string },
  now: number,
): Promise<SaleRecord> {
  switch (result.kind) {
    case 'refused':
      throw new Problem('conflict', refusal(result.action, result.state));
    case 'already':
      return before;
    case 'moved': {
      if (action === 'publish') {
        // Unlocked: whoever changes a product locks it before its sale.
        const there = await rows.products.offered(before.productIds, 'unlocked');
        requirePublishable(before, there, now);
      }
      await rows.sales.update(before.id, { phase: result.to }, now);
      if (result.to === 'closed') await rows.sales.release(before.id);
      const moved = { before: { phase: result.from }, after: { phase: result.to } };
      const detail = { from: result.from, to: result.to };
      await rows.note({ ...note, saleId: before.id, detail, ...moved });
      if (action === 'publish') {
        await enterDraw(rows, { ...before, phase: result.to }, note.actor, now);
      }
      if (action === 'publish' && result.to === 'open') {
        await rows.note({ ...note, action: past.open, saleId: before.id });
      }
      return (await rows.sales.find(before.id)) ?? before;
    }
  }
}

/** Looks again under the lock, since another instance or an admin may have been faster. */
async function keepSchedule(rows: Rows, id: string, now: number): Promise<boolean> {
  const sale = await rows.sales.find(id, 'update');
  const due = sale === null ? null : dueTransition(standing(sale), now);
  if (sale === null || due === null) return false;
  await rows.sales.update(id, { phase: due }, now);
  if (due === 'closed') await rows.sales.release(id);
  const action = due === 'closed' ? past.close : past.open;
  const moved = { before: { phase: sale.phase }, after: { phase: due } };
  const detail = { from: sale.phase };
  await rows.note({ actor: 'system:schedule', action, saleId: id, detail, ...moved });
  return true;
}

/** Throws `conflict` where the sale is not as the caller thinks. */
export function requireAsked(sale: SaleRecord, asked: Asked): void {
  requireVersion(asked.expected, sale.version);
  if (asked.confirm !== undefined && asked.confirm !== sale.name) {
    throw new Problem('conflict', '`confirm` is not the name of the sale.');
  }
}

function refusal(action: SaleAction, state: string): string {
  const hints: Partial<Record<SaleAction, Record<string, string>>> = {
    open: { draft: ' Publish it first.', paused: ' Resume it instead.' },
    pause: { scheduled: ' Nobody can join or be let in yet.' },
    close: { draft: ' It may be deleted.' },
  };
  return `The sale is ${state}: ${action} is not possible.${hints[action]?.[state] ?? ''}`;
}

/** Throws a `conflict` with everything that stands against making a sale public. */
export function requirePublishable(
  sale: { endsAt: number | null; productIds: readonly string[] },
  products: readonly { id: string }[],
  now: number,
): void {
  const found = [...endPassed(sale.endsAt, now), ...deletedProducts(sale.productIds, products)];
  const [first, ...more] = found.filter(({ severity }) => severity === 'error');
  if (first === undefined) return;
  const errors = [first, ...more].map(told);
  throw new Problem('conflict', { detail: first.message, errors });
}

function told({ path, message, todo }: Finding): InputMistake {
  return { path, message: `${message} ${todo}` };
}

/** What a sale's state follows from. */
export function standing(sale: SaleRecord): Standing {
  const { phase, startsAt, endsAt, soldOut } = sale;
  return { phase, startsAt, endsAt, soldOut, lobbySeconds: sale.room.lobbySeconds };
}

/** The state that admins see now. */
export function stateNow(sale: SaleRecord, clock: Clock): ReturnType<typeof saleState> {
  return saleState(standing(sale), clock.now());
}
