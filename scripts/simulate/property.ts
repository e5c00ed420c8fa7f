import type { Scripts } from '@fairgate/shared/room/scripts.ts';
import fc from 'fast-check';
import { keepRoom, tellRoom } from './keeper.ts';
import { comeToRest } from './rest.ts';
import { type RoomSide, roomSide } from './room-side.ts';
import type { Step } from './step.ts';
import { buyAll, checkoutSteps, reportSteps, round, spendAll } from './steps-checkout.ts';
import { again, joinAll, lineSteps, takeAll, takeSteps } from './steps-line.ts';
import {
  adminSteps,
  advanceSteps,
  faultSteps,
  keepSteps,
  loss,
  second,
  timeSteps,
} from './steps-sale.ts';
import { newWorld, type Setup, type World } from './world.ts';

export type SimulationOptions = {
  redisUrl: string;
  scripts: Scripts;
  runs: number;
  seed?: number | undefined;
  /** Of a counterexample, as it was printed. */
  path?: string | undefined;
  replay?: string | undefined;
  /** Whether the shortest way to what broke is looked for; it is where this is left out. */
  shrinks?: boolean | undefined;
};

const anySetup: fc.Arbitrary<Setup> = fc.record({
  units: fc.integer({ min: 0, max: 5 }),
  admitPerMinute: fc.constantFrom(30, 60, 240, 60_000),
  maxActive: fc.constantFrom(1, 2, 3, 100),
  tokenSeconds: fc.constantFrom(5, 9),
  abandonSeconds: fc.constantFrom(5, 8),
  maxUnitsPerShopper: fc.constantFrom(1, 1, 2, 3),
  guaranteeStock: fc.constantFrom(true, true, true, false),
});

function weighed(weight: number, steps: fc.Arbitrary<Step>[]): fc.Arbitrary<Step>[] {
  return Array.from({ length: weight }, () => fc.oneof(...steps));
}

const stepsMax = 40;
const everyStep = [
  ...weighed(4, [second]),
  ...weighed(1, [joinAll]),
  ...weighed(1, [again]),
  ...weighed(2, [fc.constantFrom(takeAll, buyAll, spendAll, round)]),
  ...weighed(2, lineSteps),
  ...weighed(1, takeSteps),
  ...weighed(2, checkoutSteps),
  ...weighed(2, reportSteps),
  ...weighed(2, timeSteps),
  ...weighed(1, advanceSteps),
  ...weighed(1, adminSteps),
  ...weighed(1, [fc.constant(loss), ...faultSteps, ...keepSteps, ...keepSteps]),
];

/** Runs the simulation; the details say what broke, and the shortest way there. */
export async function simulate(options: SimulationOptions) {
  const real = roomSide(options.redisUrl, options.scripts);
  const { runs, seed, path, replay } = options;
  const replayPath = replay === undefined ? {} : { replayPath: replay };
  const commands = fc.commands(everyStep, { maxCommands: stepsMax, size: 'max', ...replayPath });
  const property = fc.asyncProperty(anySetup, commands, async (setup, steps) => {
    const world = await begin(setup, real);
    await fc.asyncModelRun(() => ({ model: world, real }), steps);
    await comeToRest(world, real);
  });
  const parameters = {
    numRuns: runs,
    endOnFailure: options.shrinks === false,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  };
  try {
    return await fc.check(property, parameters);
  } finally {
    real.end();
  }
}

async function begin(setup: Setup, real: RoomSide): Promise<World> {
  const world = newWorld(setup);
  await real.empty(world.now);
  await tellRoom(world, real.rooms[0]);
  await keepRoom(world, real.rooms[0]);
  return world;
}
