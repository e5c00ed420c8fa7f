import fc from 'fast-check';
import { expectThat } from './broken.ts';
import { change, keepRoom, tellRoom } from './keeper.ts';
import { addStock, decideLate } from './ledger.ts';
import { changeRate } from './rate.ts';
import { saleId } from './room-side.ts';
import { advancingStep, type Doing, type Step, sequence, step } from './step.ts';
import { isAsked } from './steps-checkout.ts';
import { pollAllBut } from './steps-line.ts';
import { visitorAt, type World } from './world.ts';

/** Every lease is this long (limits of the checkout). */
const leaseMs = 2_500;
const leaseEveryMs = 2_000;
/** Late money waits no longer for the room's answer than this. */
const lateWaitMs = 55_000;

/** Time, and the line moving on. */
export const timeSteps: fc.Arbitrary<Step>[] = [
  fc.constantFrom(100, 500, 1_000, 2_000, 4_000, 7_000, 12_000, 40_000).map((ms) =>
    step(`sleep(${ms})`, async (doing) => {
      await sleep(doing, ms);
    }),
  ),
  fc
    .constantFrom(1_000, 3_000, 10_000)
    .map((ms) => step(`noCheckout(${ms})`, (doing) => pass(doing, ms))),
];

/** A second in which everybody polls, or some do not. */
export const second: fc.Arbitrary<Step> = fc
  .oneof(
    fc.constant<number[]>([]),
    fc.array(fc.nat(5), { minLength: 1, maxLength: 1 }),
    fc.uniqueArray(fc.nat(5), { maxLength: 6 }),
  )
  .map((absent) => {
    const names = absent.map((index) => `v${index + 1}`).join(' ');
    return sequence(`second(${names === '' ? '' : `without ${names}`})`, [
      step('sleep', (doing) => sleep(doing, 1_000)),
      pollAllBut(absent),
      advancingStep('advance', (doing) => advance(doing, 1)),
    ]);
  });

export const advanceSteps: fc.Arbitrary<Step>[] = [
  fc
    .constantFrom(1, 2)
    .map((places) => advancingStep(`advance(from ${places})`, (doing) => advance(doing, places))),
];

/** What an admin does. */
export const adminSteps: fc.Arbitrary<Step>[] = [
  fc.constant(phaseStep('pause', 'open', 'paused')),
  fc.constant(phaseStep('resume', 'paused', 'open')),
  fc
    .constantFrom(0, 30, 60, 240)
    .map((admitPerMinute) =>
      settingStep('rate', { admitPerMinute }, ({ allowance }) =>
        changeRate(allowance, admitPerMinute),
      ),
    ),
  fc.integer({ min: 1, max: 5 }).map((maxActive) => settingStep('maxActive', { maxActive })),
  fc.integer({ min: 1, max: 3 }).map((max) => settingStep('maxUnits', { maxUnitsPerShopper: max })),
  fc.constantFrom(5, 9).map((tokenSeconds) => settingStep('tokenSeconds', { tokenSeconds })),
  fc.integer({ min: 1, max: 3 }).map((units) =>
    step(`topUp(${units})`, async ({ world, room }) => {
      addStock(world.ledger, units);
      await change(world, room, {});
    }),
  ),
  fc.nat(5).map((index) => {
    const one = (world: World) => ({ visitor: visitorAt(world, index).id, to: world.highest });
    return step(`revoke(v${index + 1})`, (doing) => revoke(doing, one(doing.world)));
  }),
  fc.tuple(fc.nat(7), fc.nat(2)).map(([from, more]) => {
    const range = { from, to: from + more };
    return step(`revoke(${from} to ${from + more})`, (doing) => revoke(doing, range));
  }),
  fc.constant(
    step('tellAgain()', async ({ world, room }) => {
      await tellRoom(world, room);
    }),
  ),
];

/** What befalls the room. */
const empty = step('empty()', async ({ world, real }) => {
  await real.empty(world.now);
  forget(world);
});
const keep = step('keep()', ({ world, room }) => keepRoom(world, room));
export const faultSteps: fc.Arbitrary<Step>[] = [fc.constant(empty)];
export const loss = sequence('loss()', [empty, keep]);
export const keepSteps: fc.Arbitrary<Step>[] = [fc.constant(keep)];

/** Time passes with checkouts in good health, which lease admission all the while. */
export async function sleep(doing: Doing, ms: number): Promise<void> {
  const { world } = doing;
  const end = world.now + ms;
  const under: Promise<void>[] = [lease(doing)];
  while (world.now < end) {
    under.push(pass(doing, Math.min(leaseEveryMs, end - world.now)), lease(doing));
  }
  await Promise.all(under);
}

/** Time passes, and nobody leases anything. */
async function pass({ world, real }: Doing, ms: number): Promise<void> {
  world.now += ms;
  for (const order of world.ledger.orders) {
    if (isAsked(order) && world.now - order.lateAt > lateWaitMs) decideLate(world.ledger, order);
  }
  await real.setClock(world.now);
}

/** A checkout could commit just now. */
export async function lease({ world, room }: Doing): Promise<void> {
  const until = world.now + leaseMs;
  const { outcome } = await room.lease(saleId, until);
  if (outcome === 'leased') world.leaseUntil = Math.max(world.leaseUntil, until);
}

/** `places`: from so many connections at once. */
export async function advance({ world, real }: Doing, places: number): Promise<void> {
  const rooms = real.rooms.slice(0, places);
  const snapshots = await Promise.all(rooms.map((room) => room.advance(saleId, 0)));
  for (const snapshot of snapshots) {
    expectThat('7.6', (snapshot === null) === world.isLost, () => `the room is ${snapshot}`);
    if (snapshot === null || world.picture === null) continue;
    const { productId, ...shown } = world.picture;
    const stock = snapshot.stock.get(productId);
    expectThat('7.7', JSON.stringify(stock) === JSON.stringify(shown), () => {
      return `the snapshot has ${JSON.stringify(stock)}, and was told ${JSON.stringify(shown)}`;
    });
  }
}

type Ended = { to: number } & ({ visitor: string } | { from: number });

async function revoke({ world, room }: Doing, one: Ended): Promise<void> {
  // Only numbers that were given out, as the queue service has it (domain/revocation.ts).
  if ('from' in one && one.from > world.highest) return;
  const to = Math.min(one.to, world.highest);
  world.revocations.push({ id: `rev_${world.revocations.length + 1}`, ...one, to });
  await change(world, room, {});
}

/** Redis was emptied: who was let in and took no token waits again, once they come back. */
function forget(world: World): void {
  world.isLost = true;
  world.wasEmptied = true;
  world.leaseUntil = 0;
  world.steadySince = Number.POSITIVE_INFINITY;
  world.picture = null;
  for (const { place } of world.visitors) {
    if (place === null) continue;
    place.isBack = false;
    if (place.state === 'waiting') continue;
    // Those behind whom the frontier is already come back right behind it, in no order among them.
    place.isLoose = true;
    if (place.state === 'admitted' || place.state === 'issued') place.state = 'waiting';
  }
}

function phaseStep(name: string, from: World['phase'], to: World['phase']): Step {
  const run = async ({ world, room }: Doing) => {
    world.phase = to;
    await change(world, room, {});
  };
  return step(`${name}()`, run, (world) => world.phase === from);
}

function settingStep(
  name: string,
  settings: Partial<World['settings']>,
  also: (world: World) => void = () => {},
): Step {
  return step(`${name}(${Object.values(settings).join()})`, async ({ world, room }) => {
    await change(world, room, settings);
    also(world);
  });
}
