import type { RequestVariables } from '@fairgate/shared/http/request-id.ts';
import type { PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import type { NoticeKeys } from '@fairgate/shared/notices/unsubscribing.ts';
import type { Log } from '../app/log.ts';
import type { OrderKeys } from '../app/order-keys.ts';
import type { Payments } from '../app/payments.ts';
import type { NoticeOptouts, OrderStore, PaymentStore, SaleStore } from '../app/ports.ts';
import type { Redeem } from '../app/redeem.ts';
import type { TakeReport } from '../app/reported.ts';
import type { Turns } from '../app/turns.ts';
import type { Watch } from '../app/watch.ts';

export type AppEnv = { Variables: RequestVariables };

/** What the routes stand on; main.ts makes it. */
export type HttpDeps = {
  redeem: Redeem;
  takeReport: TakeReport;
  orders: Pick<OrderStore, 'find' | 'cancel' | 'extend' | 'refund'>;
  lastPayment: PaymentStore['latest'];
  orderKeys: OrderKeys;
  /** What other services of ours show; undefined where none may ask. */
  internalKey: string | undefined;
  payments: Payments;
  /** Stripe's form on the order page, where a publishable key is set; `amountOf`: as Stripe counts. */
  stripeForm: {
    publishableKey: string;
    amountOf(minor: number, currency: string): number | null;
  } | null;
  orderTurns: Turns;
  sales: SaleStore;
  /** What verifies the links in mails. */
  noticeKeys: NoticeKeys;
  noticeOptouts: NoticeOptouts;
  fairness: Pick<PostgresLog, 'fairness' | 'blocksAfter'>;
  watch: Watch;
  heartbeatMs: number;
  /** How long the stream of a paid or expired order lasts. */
  settledStreamMs: number;
  /** Aborted when the process stops: streams end then. */
  stopping: AbortSignal;
  metrics: { contentType: string; text(): Promise<string> };
  /** Told of each change that a shopper made to an order. */
  changed(change: string, saleId: string): void;
  /** Rejects where this instance cannot serve. */
  ready(): Promise<void>;
  /** The first is the canonical one, that shoppers see. */
  publicOrigins: readonly string[];
  instance: string;
  log: Log;
};
