import type { StoredSecret, WebhookTry } from '@fairgate/shared/db/schema-webhooks.ts';
import type { ShopEvent } from '../domain/webhook-events.ts';
import type { Changes, PageOf } from './ports.ts';

/** `gone`: it answered 410. `failing`: nothing was taken for days (`webhook-retries.ts`). */
export const offReasons = ['gone', 'failing'] as const;
export type OffReason = (typeof offReasons)[number];

/** Where a shop is told of events. Times in ms since the epoch. */
export type WebhookRecord = {
  id: string;
  url: string;
  description: string;
  /** Null: all, those too that are added later. */
  eventTypes: string[] | null;
  active: boolean;
  /** Why it was switched off by itself. */
  offReason: OffReason | null;
  /** The newest first. */
  secrets: StoredSecret[];
  version: number;
  createdAt: number;
  updatedAt: number;
};

export type WebhookFields = Pick<
  WebhookRecord,
  'url' | 'description' | 'eventTypes' | 'active' | 'offReason' | 'secrets'
>;

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One event on its way to one endpoint. Times in ms since the epoch. */
export type DeliveryRecord = {
  id: string;
  webhookId: string;
  eventId: string;
  type: string;
  saleId: string | null;
  state: DeliveryState;
  attempts: number;
  nextAt: number;
  /** The last ones, the newest last. */
  tries: WebhookTry[];
  response: string | null;
  createdAt: number;
};

/** A delivery that is ours to attempt until it is taken for lost. */
export type TakenDelivery = {
  id: string;
  claim: number;
  attempts: number;
  eventId: string;
  body: string;
  webhook: Pick<WebhookRecord, 'id' | 'url' | 'secrets' | 'version'> & {
    /** An attempt has failed, and none was taken since. */
    isFailing: boolean;
  };
};

/** What became of an attempt. `nextAt` in ms: when to try again; null: never. */
export type AttemptEnd = {
  state: DeliveryState;
  nextAt: number | null;
  attempt: WebhookTry;
  response: string | null;
};

/**
 * An endpoint as it was when a delivery was taken: one that was changed since, or switched on again, is
 * not blamed for what the one before it did.
 */
export type TriedWebhook = Pick<WebhookRecord, 'id' | 'version'>;

export type WebhookRows = {
  /** Until the transaction ends nobody else makes endpoints. */
  lock(): Promise<void>;
  count(): Promise<number>;
  insert(webhook: WebhookFields & { id: string; now: number }): Promise<void>;
  find(id: string, lock?: 'update'): Promise<WebhookRecord | null>;
  page(page: PageOf): Promise<WebhookRecord[]>;
  /** Every change raises the version. */
  update(id: string, fields: Changes<WebhookFields>, now: number): Promise<void>;
  /** Something has failed at a time, in ms: it is failing since then, if it was not before. */
  failed(tried: TriedWebhook, at: number): Promise<void>;
  /** Something was taken, or it is another endpoint by now. */
  works(id: string): Promise<void>;
  /** For one that fails: only where it has since `failingBefore`, in ms. False where it stays as it is. */
  switchOff(
    tried: TriedWebhook,
    reason: OffReason,
    at: { now: number; failingBefore?: number },
  ): Promise<boolean>;
  /** Its deliveries, which nobody sees or sends any more, are left to `clear`. */
  remove(id: string): Promise<void>;
  deliveries(
    page: PageOf & { webhookId: string; state?: DeliveryState | undefined },
  ): Promise<DeliveryRecord[]>;
  delivery(webhookId: string, id: string): Promise<DeliveryRecord | null>;
  /** Due at once, whatever its state was, and nobody's. */
  again(id: string, now: number): Promise<void>;
  /**
   * Writes events down, each with a delivery to every endpoint that is on and wants it, or to `only`
   * one. An event that was told before is told no more. Answers the ids of the deliveries.
   */
  tell(events: readonly ShopEvent[], now: number, only?: string): Promise<string[]>;
  /** Endpoints with something to send now. */
  due(now: number): Promise<string[]>;
  /** The delivery of an endpoint that has waited longest, if any is due; ours until `until`. */
  take(webhookId: string, now: number, until: number): Promise<TakenDelivery | null>;
  /** False where somebody else has it by now. */
  end(taken: Pick<TakenDelivery, 'id' | 'claim'>, end: AttemptEnd): Promise<boolean>;
  /** Gives up what was made before a time, in ms, and still waits. */
  giveUp(before: number): Promise<number>;
  /** Deletes events of before a time, in ms, with their deliveries; some thousand at most. */
  drop(before: number): Promise<number>;
  /** Deletes deliveries of an endpoint that is no more; some thousand at most. */
  clear(): Promise<number>;
};

/** Whose open transaction on the ledger its readers wait for, as far as Postgres shows it. */
export type LedgerHolder = {
  pid: number | null;
  application: string | null;
  state: string | null;
  /** Since it began. */
  seconds: number | null;
};

/** `more`: there may be another batch. `held`: nobody knows yet up to where nothing is added. */
export type Told = { kind: 'more' } | { kind: 'done' } | { kind: 'held'; by: LedgerHolder };

/** The ledger, as shops are told of it. */
export type WebhookFeed = {
  /** The next bounded batch, each line once, whoever reads it. */
  tellNext(now: number): Promise<Told>;
  /** How often a sale was told to be sold out, or to be so no more; for those that ever were. */
  turns(): Promise<ReadonlyMap<string, number>>;
  /** Writes the next turn of a sale into the ledger, unless somebody else was faster. */
  turn(saleId: string, turns: number): Promise<void>;
};

export type Posting = { url: string; headers: Record<string, string>; body: string };

export type Posted =
  | {
      kind: 'answered';
      status: number;
      retryAfter: string | undefined;
      /** The beginning of the body, as text. */
      excerpt: string;
    }
  /**
   * `why` in words, without what only the inside should know. `ours`: it may have been our key, name
   * server or network, so that the endpoint is not blamed.
   */
  | { kind: 'failed'; why: string; fault: 'ours' | 'theirs' };

/** Sends a POST to a shop's server; never rejects, and takes no longer than its deadline. */
export type Post = (posting: Posting) => Promise<Posted>;
