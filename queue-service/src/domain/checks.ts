import { doorFindings } from './checks-door.ts';
import { paymentFindings } from './checks-payments.ts';
import { rateFindings } from './checks-rate.ts';
import { stockFindings } from './checks-stock.ts';
import { timeFindings } from './checks-times.ts';
import type { ProductRecord, SaleRecord } from './records.ts';

/** What an admin should know of a sale, and may have wanted nevertheless. */
export type Finding = {
  code: string;
  /** `error`: publishing is refused because of it; nothing else is. */
  severity: 'error' | 'warning' | 'info';
  /** The setting that it is about, in dots: `room.maxActive`, `productIds.0`; '' where there is none. */
  path: string;
  /** What is so, and why it matters, with the figures. */
  message: string;
  /** What to do about it. */
  todo: string;
};

/** What the checkouts that live have told of themselves. */
export type CheckoutFacts = {
  /** How many have given a sign of life in the last seconds. */
  live: number;
  /** Claims a second as last measured, of all together; null where none has measured any. */
  claimsPerSecond: number | null;
  /** Names of the payment providers that they have; null where none has said. */
  providers: string[] | null;
};

/** A sale with everything that it is judged by. Times in ms since the epoch. */
export type CheckedSale = {
  sale: SaleRecord;
  /** Those of `sale.productIds` that were not deleted. */
  products: ProductRecord[];
  checkouts: CheckoutFacts;
  /** The edge has an account at Turnstile, as far as this service was told. */
  hasTurnstile: boolean;
  /** The origin that shoppers see. */
  publicOrigin: string;
  now: number;
};

const weights = { error: 0, warning: 1, info: 2 } as const;

/** All there is to say of a sale, the gravest first. */
export function saleFindings(checked: CheckedSale): Finding[] {
  const found = [
    ...timeFindings(checked),
    ...stockFindings(checked),
    ...rateFindings(checked),
    ...doorFindings(checked),
    ...paymentFindings(checked),
  ];
  return found.sort((a, b) => weights[a.severity] - weights[b.severity]);
}

/** Whether publishing would be taken, by what was found. */
export function isPublishable(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity !== 'error');
}
