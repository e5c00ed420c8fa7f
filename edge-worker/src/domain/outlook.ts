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
};

/** Whether there is likely something left for someone with `ahead` people in front. */
export function outlookOf(supply: Supply, ahead: number, isAdmitted: boolean): Outlook {
  const { unitsLeft, unitsHeld } = supply;
  const units = { unitsLeft, unitsHeld };
  if (isAdmitted) return { kind: unitsLeft + unitsHeld > 0 ? 'likely' : 'unlikely', ...units };
  if (supply.state === 'sold_out') return { kind: 'sold_out', ...units };
  const reachable = supply.guaranteeStock ? supply.budget : unitsLeft;
  return { kind: ahead < reachable ? 'likely' : 'unlikely', ...units };
}
