import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { migratedDatabaseUrl } from '../../../e2e/support/stores.ts';
import { limits } from '../limits.ts';
import { type Answer, eventually, makeRig, type Rig, type RigOptions } from './checkout-rig.ts';

/** Makes rigs over one database of the test file; each is closed when its test is over. */
export function rigsOfFile(): (options: Omit<RigOptions, 'databaseUrl'>) => Promise<Rig> {
  let databaseUrl = '';
  beforeAll(async () => {
    databaseUrl = await migratedDatabaseUrl(afterAll);
  });
  return async (options) => {
    const rig = await makeRig({ databaseUrl, ...options });
    onTestFinished(() => rig.close());
    return rig;
  };
}

/** Statuses in ascending order. */
export const statuses = (answers: Answer[]) => answers.map((answer) => answer.status).sort();

/** The slug of a refusal; undefined where it is none. */
export const slugOf = (answer: Answer): string | undefined => answer.body?.type?.split(':').at(-1);

/** How many answers of each kind: `201`, `409 sold-out`, … */
export function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const slug = slugOf(answer);
    const key = slug === undefined ? `${answer.status}` : `${answer.status} ${slug}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

export const times = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));

/** Units of the first product of the sale. */
export const firstUnits = (rig: Rig, quantity = 1) => [
  { productId: rig.products[0] ?? '', quantity },
];

/** A transaction beside the checkouts, for locks; let go by `end`. */
export async function heldTransaction(rig: Rig) {
  const sql = await rig.sql.reserve();
  await sql`begin`;
  return {
    sql,
    async end(how: 'commit' | 'rollback' = 'rollback') {
      await sql.unsafe(how);
      sql.release();
    },
  };
}

/** A figure of `/metrics`, NaN where there is none. */
export async function figure(rig: Rig, name: string, instance = 0): Promise<number> {
  const { body } = await rig.call('GET', '/metrics', { instance });
  const escaped = name.replaceAll(/[{}"]/g, '\\$&');
  return Number(new RegExp(`^${escaped} ([\\d.]+)`, 'm').exec(body)?.[1] ?? Number.NaN);
}

/** Batches of an instance under way. */
export const underWay = (rig: Rig, instance = 0) =>
  figure(rig, 'fairgate_claim_batches_under_way', instance);
/** Redemptions of an instance that wait for a batch. */
export const waiting = (rig: Rig, instance = 0) =>
  figure(rig, 'fairgate_claim_queue_depth', instance);

/** Batches that begin hang until they are let go: not by a lock, which has a time-out of its own. */
export async function holdBatches(rig: Rig): Promise<() => Promise<void>> {
  await rig.sql.unsafe(`
    create table if not exists hangs (sale_id text);
    create or replace function hang() returns trigger language plpgsql as $$
    begin
      while exists (select from hangs where sale_id = new.sale_id) loop
        perform pg_sleep(0.005);
      end loop;
      return new;
    end $$;
    create or replace trigger hang after insert on redemptions
      for each row execute function hang()`);
  await rig.sql`insert into hangs values (${rig.saleId})`;
  return async () => {
    await rig.sql`delete from hangs`;
  };
}

/**
 * Fills every lane of every instance with a claim that hangs, so that what comes next waits, and is
 * one batch when they are let go. Takes a unit for each lane.
 */
export async function fillLanes(rig: Rig): Promise<() => Promise<void>> {
  const letGo = await holdBatches(rig);
  const fillers: Promise<Answer>[] = [];
  for (const instance of rig.services.keys()) {
    for (let lane = 1; lane <= limits.batchLanes; lane += 1) {
      fillers.push(rig.redeem(await rig.token(), { instance }));
      await eventually(async () => (await underWay(rig, instance)) === lane);
    }
  }
  return async () => {
    await letGo();
    await Promise.all(fillers);
  };
}
