import fc from 'fast-check';
import { expectThat } from './broken.ts';
import { showStock } from './keeper.ts';
import {
  againKey,
  decideLate,
  extend,
  giveUp,
  isSpendable,
  lapse,
  type Order,
  pay,
  refund,
  spend,
} from './ledger.ts';
import { saleId } from './room-side.ts';
import { type Doing, type Step, send, sequence, step } from './step.ts';
import { takeAll } from './steps-line.ts';
import { isRevoked, type World } from './world.ts';

const paySeconds = 10;
/** The checkouts settle a token so long after its time. */
export const lapseAfterMs = 5_000;

const index = fc.nat(7);
const sometimes = fc.integer({ min: 0, max: 3 }).map((n) => n === 0);

/** What checkouts do: tokens are spent, orders end, and the room is told of it, late and twice. */
export const checkoutSteps: fc.Arbitrary<Step>[] = [
  fc.tuple(index, fc.integer({ min: 1, max: 3 })).map(([which, quantity]) => {
    const run = (doing: Doing) => spendOne(doing, which, quantity);
    return step(`spend(${which}, ${quantity} units)`, run, (world) => spendable(world).length > 0);
  }),
  orderStep(
    'pay',
    (order) => order.state === 'awaiting',
    async ({ world }, order) => {
      pay(world.ledger, order);
    },
  ),
  orderStep(
    'giveUp',
    (order) => order.state === 'awaiting',
    async ({ world }, order) => {
      giveUp(world.ledger, order);
    },
  ),
  orderStep(
    'extend',
    (order) => order.state === 'awaiting' && !order.wasExtended,
    async ({ world }, order) => extend(world.ledger, order, paySeconds * 1_000),
  ),
  orderStep(
    'refund',
    (order) => order.state === 'paid' && !order.isRefunded,
    async (doing, order) => {
      refund(doing.world.ledger, order);
    },
  ),
  orderStep('lateMoney', (order) => order.state === 'over' && order.late !== 'decided', late),
  orderStep(
    'decideLate',
    (order) => isAsked(order),
    async ({ world }, order) => {
      decideLate(world.ledger, order);
    },
  ),
];

export const spendAll = step('spendAll()', async (doing) => {
  for (const _ of spendable(doing.world)) await spendOne(doing, 0, 1);
});

/** Whoever was let in takes the token and spends it, and the room hears of it. */
export const buyAll = sequence('buyAll()', [
  takeAll,
  spendAll,
  step('deliver', (doing) => deliver(doing, 'in order')),
]);

/** One round of a checkout in good health: holds that ran out, tokens past their time, reports. */
export const round = step('round()', async (doing) => {
  const { ledger, now } = doing.world;
  for (const order of ledger.orders) {
    if (order.state === 'awaiting' && order.payBefore <= now) giveUp(ledger, order);
  }
  await due(doing, false);
  await deliver(doing, 'in order');
  await showStock(doing.world, doing.room);
});

/** How the room hears of it. */
export const reportSteps: fc.Arbitrary<Step>[] = [
  fc.constantFrom('in order', 'last first', 'the last one').map((how) => {
    const run = (doing: Doing) => deliver(doing, how);
    return step(`deliver(${how})`, run, ({ ledger }) => ledger.outbox.length > 0);
  }),
  index.map((which) => {
    const run = async ({ world, room }: Doing) => {
      const { delivered } = world.ledger;
      const again = delivered[which % delivered.length];
      if (again !== undefined) await room.settle(saleId, [again]);
    };
    return step(`deliverAgain(${which})`, run, ({ ledger }) => ledger.delivered.length > 0);
  }),
  sometimes.map((isLost) =>
    step(`settleDue()${isLost ? ' lost' : ''}`, (doing) => due(doing, isLost)),
  ),
  fc.constant(
    step('showStock()', async ({ world, room }) => {
      await showStock(world, room);
    }),
  ),
];

function orderStep(
  name: string,
  may: (order: Order) => boolean,
  run: (doing: Doing, order: Order) => Promise<void>,
): fc.Arbitrary<Step> {
  return index.map((which) => {
    const those = (world: World) => world.ledger.orders.filter(may);
    const runs = async (doing: Doing) => {
      const some = those(doing.world);
      const order = some[which % some.length];
      if (order !== undefined) await run(doing, order);
    };
    return step(`${name}(${which})`, runs, (world) => those(world).length > 0);
  });
}

function spendable(world: World) {
  return [...world.ledger.tokens.values()].filter((token) => {
    return isSpendable(token, world.now) && !isRevoked(world, token.visitor, token.number);
  });
}

async function spendOne({ world }: Doing, which: number, quantity: number) {
  const some = spendable(world);
  const token = some[which % some.length];
  if (token === undefined) return;
  const { ledger, settings, now } = world;
  if (ledger.free < 1) {
    expectThat('7.4', !settings.guaranteeStock, () => `${token.jti} finds nothing to buy`);
  }
  spend(ledger, token, Math.min(quantity, ledger.free), now + paySeconds * 1_000);
}

export function isAsked({ late }: Order): boolean {
  return late === 'asked' || late === 'promised';
}

async function late({ world, room }: Doing, order: Order): Promise<void> {
  const reply = await send(true, () => room.promise(saleId, againKey(order), order.units));
  if (order.late === 'none') order.lateAt = world.now;
  order.late = reply === 'promised' ? 'promised' : 'asked';
  if (reply === 'none') decideLate(world.ledger, order);
}

export async function deliver({ world, room }: Doing, how: string) {
  const { ledger } = world;
  const reports = how === 'the last one' ? ledger.outbox.slice(-1) : [...ledger.outbox];
  if (how === 'last first') reports.reverse();
  if (reports.length === 0) return;
  const reply = await room.settle(saleId, reports);
  if (reply === 'no-room') return;
  ledger.outbox = ledger.outbox.filter((report) => !reports.includes(report));
  ledger.delivered.push(...reports);
}

/** Tokens past their time lapse in Postgres first; that the room hears of it may take a second try. */
export async function due({ world, room }: Doing, isLost: boolean) {
  const tokens = await room.due(saleId, lapseAfterMs, 10);
  const reports = tokens.flatMap((token) => lapse(world.ledger, token));
  if (isLost || reports.length === 0) return;
  await room.settle(saleId, reports);
  world.ledger.delivered.push(...reports);
}
