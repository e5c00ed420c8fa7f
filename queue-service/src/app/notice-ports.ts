import type { NoticeEnd } from '@fairgate/shared/db/schema-records.ts';
import type { NoticeOrder } from '../domain/notice.ts';

/** A notice by its order and its key (`noticeKey`). */
export type NoticeName = { orderId: string; key: string };

/** `toldAt`: when what it tells of happened, in ms. */
export type AwaitedNotice = NoticeName & { toldAt: number };

export type NoticeRows = {
  /** Those that go to the queue: until they are settled, somebody looks for them. */
  register(notices: AwaitedNotice[]): Promise<void>;
  /** Not settled, told of between these moments, in the order of their names from `after` on. */
  unsettled(wish: {
    toldAfter: number;
    toldBefore: number;
    after: NoticeName | null;
    limit: number;
  }): Promise<AwaitedNotice[]>;
  order(orderId: string): Promise<NoticeOrder | null>;
  /**
   * By its key a notice is sent once for an order. `claimed`: ours to send. A claim that was not sent
   * within `staleMs` is taken over: whoever had it has died.
   */
  claim(
    orderId: string,
    key: string,
    now: number,
    staleMs: number,
  ): Promise<'claimed' | 'sent' | 'under-way'>;
  /** What became of it, for good; the first answer stays. */
  settle(orderId: string, key: string, outcome: NoticeEnd, now: number): Promise<void>;
  /**
   * Since when (ms) whoever has that address (`recipientDigest`) wants no more notices of the sale; null: they
   * may have them.
   */
  unsubscribedAt(saleId: string, recipient: string): Promise<number | null>;
  /** Gives our claim back after a failure, so that the next attempt need not wait; nobody else's. */
  unclaim(orderId: string, key: string, claimedAt: number): Promise<void>;
};
