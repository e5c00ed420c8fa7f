import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { type InputMistake, Problem } from '@fairgate/shared/problem.ts';
import {
  type ImportedRow,
  type ProductFields,
  planRow,
  type RowPlan,
  unitsInAllMax,
} from '../domain/product-import.ts';
import { unitsTotal } from '../domain/records.ts';
import { by, type Caller } from './caller.ts';
import { eachOf } from './each-of.ts';
import type { FoundRow } from './import-ports.ts';
import { madeOnce } from './once.ts';
import type { LedgerEntry, Rows, Store } from './ports.ts';
import type { RoomKeeper } from './room-keeper.ts';

export type LineMistake = { line: number; message: string };

/** Some rows of a file in their order, and what is wrong with others of them. */
export type ReadRows = { rows: ImportedRow[]; mistakes: LineMistake[] };

export type ImportCounts = {
  created: number;
  updated: number;
  unchanged: number;
  unitsAdded: number;
};

/**
 * Rows → staged as they come → all of them planned → written, in one transaction or not at all.
 * `dryRun`: nothing is written. Throws Problems: `invalid-request` with the mistakes by line,
 * `payload-too-large`, `unavailable` where it takes too long.
 */
export type ImportProducts = (
  caller: Caller,
  read: AsyncIterable<ReadRows>,
  options: { dryRun: boolean },
) => Promise<ImportCounts>;

type Parts = { store: Store; keeper: RoomKeeper; clock: Clock };

export const importRowsMax = 100_000;
const mistakesShownMax = 20;
/** Rows planned and written by one statement of each kind. */
const chunkRows = 1_000;
/** An upload ends within this, and so does the transaction after it. */
export const uploadMs = 300_000;
export const applyMs = 240_000;
/** What an import left that died is dropped by a later one. */
const stagedForgottenMs = 3_600_000;
/** Sales told at the same time. */
const salesAtOnce = 4;

export function importProducts(parts: Parts): ImportProducts {
  const { store, keeper, clock } = parts;
  return async (caller, read, { dryRun }) => {
    const importId = newId('imp', clock.now());
    const mistakes = new Mistakes();
    try {
      const rowCount = await stage(parts, importId, read, mistakes);
      const run = { importId, rowCount, mistakes, signal: AbortSignal.timeout(applyMs) };
      if (dryRun) return (await store.snapshot((rows) => survey(rows, run))).counts;
      const { counts, saleIds } = await madeOnce(parts, caller, (rows) =>
        apply(rows, run, caller, clock.now()),
      );
      await eachOf(saleIds, salesAtOnce, keeper.tryPush);
      return counts;
    } finally {
      await store.imports.drop(importId).catch(() => undefined);
    }
  };
}

/** The first mistakes of a file, and how many there are. */
class Mistakes {
  #first: LineMistake[] = [];
  #count = 0;

  add(found: readonly LineMistake[]): void {
    this.#count += found.length;
    // Planning comes after reading, and finds more in lines before the last.
    const all = [...this.#first, ...found].sort((a, b) => a.line - b.line);
    this.#first = all.slice(0, mistakesShownMax);
  }

  /** Throws them, where there are any. */
  refuse(): void {
    if (this.#count === 0) return;
    const listed = this.#count > this.#first.length ? `; the first ${mistakesShownMax} follow` : '';
    const detail = `Mistakes in the file: ${this.#count}${listed}. Nothing was changed.`;
    const errors = this.#first.map(
      ({ line, message }): InputMistake => ({ path: `line ${line}`, message }),
    );
    throw new Problem('invalid-request', { detail, errors });
  }
}

/** Answers how many rows were staged. */
async function stage(
  { store, clock }: Parts,
  importId: string,
  read: AsyncIterable<ReadRows>,
  mistakes: Mistakes,
): Promise<number> {
  const signal = AbortSignal.timeout(uploadMs);
  await store.imports.dropOld(stagedForgottenMs);
  let count = 0;
  let staged = 0;
  for await (const { rows, mistakes: found } of read) {
    if (signal.aborted) throw new Problem('unavailable', 'The upload took too long.');
    mistakes.add(found);
    count += rows.length + found.length;
    if (count > importRowsMax) {
      throw new Problem('payload-too-large', `A file has ${importRowsMax} rows at most.`);
    }
    const withIds = rows.map((row) => {
      return { id: row.kind === 'new' ? newId('prod', clock.now()) : row.id, row };
    });
    await store.imports.stage(importId, withIds);
    staged += rows.length;
  }
  return staged;
}

type Run = { importId: string; rowCount: number; mistakes: Mistakes; signal: AbortSignal };
type Planned = FoundRow & { plan: RowPlan };

/** The staged rows, some at a time, each with what it does. */
async function* planned(rows: Rows, { importId, signal }: Run): AsyncGenerator<Planned[]> {
  let line = 0;
  for (;;) {
    if (signal.aborted) throw new Problem('unavailable', 'It took too long. Nothing was changed.');
    const found = await rows.imports.page(importId, line, chunkRows);
    const last = found.at(-1);
    if (last === undefined) return;
    line = last.row.line;
    yield found.map((one) => ({ ...one, plan: planRow(one.row, one.before, one.saleId) }));
  }
}

/** What the file would do; throws its mistakes. */
async function survey(rows: Rows, run: Run) {
  if ((await rows.imports.staged(run.importId)) !== run.rowCount) {
    throw new Problem('unavailable', 'Postgres lost the file on its way in. Send it again.');
  }
  const counts: ImportCounts = { created: 0, updated: 0, unchanged: 0, unitsAdded: 0 };
  const saleIds = new Set<string>();
  for await (const found of planned(rows, run)) {
    for (const { row, plan, saleId } of found) {
      if (plan.kind === 'refused') {
        run.mistakes.add(plan.messages.map((message) => ({ line: row.line, message })));
        continue;
      }
      if (plan.kind === 'created') counts.created += 1;
      else if (plan.kind === 'changed') counts.updated += 1;
      else counts.unchanged += 1;
      if (plan.kind !== 'unchanged') counts.unitsAdded += plan.add;
      if (plan.kind === 'changed' && saleId !== null) saleIds.add(saleId);
    }
  }
  run.mistakes.refuse();
  if (counts.unitsAdded > unitsInAllMax) {
    const detail = `The file adds ${counts.unitsAdded} units; one import adds ${unitsInAllMax} at most.`;
    throw new Problem('invalid-request', { detail, errors: [{ path: '', message: detail }] });
  }
  return { counts, saleIds: [...saleIds].sort() };
}

/** The products stay locked between the two passes, so both find the same. */
async function apply(rows: Rows, run: Run, caller: Caller, now: number) {
  await rows.imports.lockProducts(run.importId);
  const surveyed = await survey(rows, run);
  if (surveyed.counts.created + surveyed.counts.updated === 0) return surveyed;
  for await (const found of planned(rows, run)) {
    await write(rows, found, now);
    const detail = { importId: run.importId };
    const entries = found.flatMap((one) => entriesOf(one, detail));
    await rows.noteAll(entries.map((entry) => ({ ...by(caller), ...entry })));
  }
  // A change of a product in a live sale is a change of that sale, once.
  for (const saleId of surveyed.saleIds) await rows.sales.update(saleId, {}, now);
  return surveyed;
}

async function write({ imports }: Rows, found: readonly Planned[], now: number): Promise<void> {
  const made: (ProductFields & { id: string })[] = [];
  const changed: typeof made = [];
  const units: Parameters<typeof imports.addUnits>[0][number][] = [];
  for (const { id, plan } of found) {
    if (plan.kind === 'created') {
      made.push({ id, ...plan.fields });
      units.push({ id, add: plan.add, present: 0 });
    } else if (plan.kind === 'changed') {
      changed.push({ id, ...plan.after });
      units.push({ id, add: plan.add, present: unitsTotal(plan.before.counts) });
    }
  }
  await imports.insertProducts(made, now);
  await imports.updateProducts(changed, now);
  await imports.addUnits(units);
}

type Entry = Omit<LedgerEntry, 'actor' | 'address'>;

/** As the calls for one product note it: what was made or changed, and units that were added. */
function entriesOf({ id, saleId, plan }: Planned, file: { importId: string }): Entry[] {
  const about = { productId: id, ...(saleId === null ? {} : { saleId }) };
  switch (plan.kind) {
    case 'created': {
      const after = { ...plan.fields, stock: plan.add };
      return [{ ...about, action: 'product.created', detail: { ...after, ...file }, after }];
    }
    case 'changed': {
      const { before, fields, add } = plan;
      const names = Object.keys(fields);
      const was = Object.fromEntries(Object.entries(before).filter(([key]) => names.includes(key)));
      const present = unitsTotal(before.counts);
      const changed = { before: was, after: { ...fields }, detail: { ...fields, ...file } };
      const stock = { before: { stock: present }, after: { stock: present + add } };
      const added = { ...stock, detail: { add, total: present + add, ...file } };
      return [
        ...(names.length > 0 ? [{ ...about, action: 'product.changed', ...changed }] : []),
        ...(add > 0 ? [{ ...about, action: 'stock.added', ...added }] : []),
      ];
    }
    case 'unchanged':
    case 'refused':
      return [];
  }
}
