import { expectThat } from './broken.ts';
import { change } from './keeper.ts';
import { decideLate, pay } from './ledger.ts';
import { changeRate } from './rate.ts';
import type { RoomSide } from './room-side.ts';
import { advancingStep, type Step, sequence, step } from './step.ts';
import { isAsked, round } from './steps-checkout.ts';
import { pollAll } from './steps-line.ts';
import { advance, sleep } from './steps-sale.ts';
import { awaiting, type World } from './world.ts';

/** Fast enough for everybody at once. */
const settings = { admitPerMinute: 6_000, maxActive: 100 };
/** Within `abandonSeconds`, whatever a run has. */
const turnMs = 4_000;
/** By then whatever was promised before a loss has come back, and everybody has had a turn. */
const turnsMax = 40;

const turn: Step = sequence('turn()', [
  step('sleep', (doing) => sleep(doing, turnMs)),
  round,
  pollAll,
  advancingStep('advance', (doing) => advance(doing, 1)),
]);

/**
 * The end of each run: all is paid, told and open again, and everybody polls. Then nobody waits for
 * long while there is something to buy: the room has not lost count of a unit, nor of a person.
 */
export async function comeToRest(world: World, real: RoomSide): Promise<void> {
  const { ledger } = world;
  world.phase = 'open';
  await change(world, real.rooms[0], settings);
  changeRate(world.allowance, settings.admitPerMinute);
  for (const order of awaiting(world)) pay(ledger, order);
  for (const order of ledger.orders.filter(isAsked)) decideLate(ledger, order);
  const waiting = () => world.visitors.filter(({ place }) => place?.state === 'waiting');
  for (let turns = 0; turns < turnsMax; turns += 1) {
    if (waiting().length === 0 || ledger.free === 0) return;
    await turn.run(world, real);
  }
  expectThat('lively', false, () => {
    const left = waiting().map(({ id }) => id);
    return `${left.join(', ')} still waiting, and ${ledger.free} units are free`;
  });
}
