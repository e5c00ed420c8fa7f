import { type Random, seededRandom } from './random.ts';

/** What a shopper is going to do, whatever happens to them. */
export type Habit = 'buys' | 'leaves' | 'never-pays' | 'absent';

export type ShopperPlan = {
  index: number;
  /** After the first possible arrival. */
  arrivesAtMs: number;
  habit: Habit;
  /** Tries a card that is declined before the one that pays. */
  isDeclinedFirst: boolean;
  /** How the outcome of the payment is learnt. */
  follows: 'events' | 'polling';
  /** For who leaves: the patience, from joining on. */
  patienceMs: number;
  /** Of the shopper's own, for jitter. */
  seed: number;
};

export type CrowdShape = {
  shoppers: number;
  seed: number;
  arrivalSeconds: number;
  leave: number;
  neverPay: number;
  decline: number;
  absent: number;
};

/** This many come at once when the doors open; the others ever more thinly. */
const burstShare = 0.4;

/** Draws every shopper from the one seed, in order of arrival. */
export function planCrowd(shape: CrowdShape): ShopperPlan[] {
  const random = seededRandom(shape.seed);
  const arrivals = Array.from({ length: shape.shoppers }, () =>
    arrivalMs(random, shape.arrivalSeconds * 1_000),
  ).sort((a, b) => a - b);
  return arrivals.map((arrivesAtMs, index) => ({
    index,
    arrivesAtMs,
    habit: habitOf(random(), shape),
    isDeclinedFirst: random() < shape.decline,
    follows: random() < 0.5 ? 'events' : 'polling',
    patienceMs: 500 + random() * 5_000,
    seed: Math.floor(random() * 4_294_967_296),
  }));
}

/** A burst in the first tenth of the window, then an exponential decay that ends with the window. */
function arrivalMs(random: Random, windowMs: number): number {
  if (random() < burstShare) return random() * windowMs * 0.1;
  const mean = 0.25;
  const tail = 1 - Math.exp(-1 / mean);
  return -Math.log(1 - random() * tail) * mean * windowMs;
}

function habitOf(drawn: number, { leave, neverPay, absent }: CrowdShape): Habit {
  if (drawn < leave) return 'leaves';
  if (drawn < leave + neverPay) return 'never-pays';
  if (drawn < leave + neverPay + absent) return 'absent';
  return 'buys';
}
