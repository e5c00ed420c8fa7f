import type { Outlook } from '@fairgate/shared/place.ts';
import type { SaleState } from '@fairgate/shared/sale.ts';

export type Supply = {
  state: SaleState;
  /** Units nobody has yet. */
  unitsLeft: number;
  /** Units in unpaid orders. */
  unitsHeld: number;
  /** Units not yet promised to an admission. */
  budget: number;
  guaranteeStock: boolean;
  /** Units bought for each admission that ended, smoothed; null before there was one. */
  buyShare?: number | null | undefined;
};

/** A share that few have shown yet is not believed all the way down. */
const buyShareMin = 0.05;

/** Whether there is likely something left for someone with `ahead` people in front. */
export function outlookOf(supply: Supply, ahead: number, isAdmitted: boolean): Outlook {
  const { unitsLeft, unitsHeld } = supply;
  const units = { unitsLeft, unitsHeld };
  if (isAdmitted) return { kind: unitsLeft + unitsHeld > 0 ? 'likely' : 'unlikely', ...units };
  if (supply.state === 'sold_out') return { kind: 'sold_out', ...units };
  const wanted = ahead * buyShareOf(supply);
  return { kind: wanted < reachableUnits(supply) ? 'likely' : 'unlikely', ...units };
}

/**
 * Units for those who wait: the ones promised to nobody, and what those who are in do not buy of
 * their promises, by what such people bought so far.
 */
export function reachableUnits(supply: Supply): number {
  if (!supply.guaranteeStock) return supply.unitsLeft;
  const promised = Math.max(0, supply.unitsLeft - supply.budget);
  return supply.budget + promised * Math.max(0, 1 - buyShareOf(supply));
}

/**
 * Whether what is left goes within a minute, with many more in line than can have some: then
 * everybody is about to be told that it is over.
 */
export function isEndNear(
  supply: Supply & { waiting: number; admittedPerMinute: number },
): boolean {
  if (supply.state !== 'open') return false;
  const wantedInAMinute = supply.admittedPerMinute * buyShareOf(supply);
  const reachable = reachableUnits(supply);
  return reachable <= wantedInAMinute && reachable < supply.waiting / 2;
}

function buyShareOf({ buyShare }: Supply): number {
  return Math.max(buyShareMin, buyShare ?? 1);
}
