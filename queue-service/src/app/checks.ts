import type { Clock } from '@fairgate/shared/clock.ts';
import { type CheckedSale, type Finding, isPublishable, saleFindings } from '../domain/checks.ts';
import type { SaleRecord } from '../domain/records.ts';
import type { CheckFacts } from './check-ports.ts';
import type { Store } from './ports.ts';
import { existingSale } from './sales.ts';

export type CheckReport = {
  /** Of the sale. */
  id: string;
  publishable: boolean;
  claimsPerSecond: number | null;
  findings: Finding[];
};

export type Checks = {
  /** What there is to say of a sale now. Throws `not-found`. */
  report(saleId: string): Promise<CheckReport>;
  findings(sale: SaleRecord): Promise<Finding[]>;
};

type Parts = { store: Store; facts: CheckFacts; clock: Clock } & Pick<
  CheckedSale,
  'hasTurnstile' | 'publicOrigin'
>;

/** A sale, looked at before it is published. Nothing is changed by it. */
export function checks({ store, facts, clock, hasTurnstile, publicOrigin }: Parts): Checks {
  const look = async (sale: SaleRecord) => {
    const [products, checkouts] = await Promise.all([
      facts.products(sale.productIds),
      facts.checkouts(),
    ]);
    const now = clock.now();
    const checked = { sale, products, checkouts, hasTurnstile, publicOrigin, now };
    return { findings: saleFindings(checked), checkouts };
  };
  return {
    async report(saleId) {
      const { findings, checkouts } = await look(await existingSale(store, saleId));
      const { claimsPerSecond } = checkouts;
      return { id: saleId, publishable: isPublishable(findings), claimsPerSecond, findings };
    },
    findings: async (sale) => (await look(sale)).findings,
  };
}
