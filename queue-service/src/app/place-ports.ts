import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { NoticeChannel, PlaceNoticeEnd } from '@fairgate/shared/db/schema-places.ts';
import type { PlaceAsk, PushSubscription } from '@fairgate/shared/notices/place-ask.ts';
import type { Lane } from '@fairgate/shared/place.ts';
import type { SaleMode } from '@fairgate/shared/sale.ts';
import type { PlaceNoticeKind } from '../domain/telling.ts';

/** `askedAt`: where it stood in its stream; a later ask has a higher one. */
export type StoredAsk = PlaceAsk & { askedAt: number };
/** Of a visitor, with what the asks before it said; `emailGivenAt`: the `askedAt` of that which gave it. */
export type NewestAsk = StoredAsk & { emailGivenAt: number | null };

/** What waits in Redis of those who asked to be told. */
export type AskStream = {
  /** The oldest, with the ids by which they are dropped; `ask` null: nobody can read it. */
  read(saleId: string, limit: number): Promise<{ id: string; ask: StoredAsk | null }[]>;
  drop(saleId: string, ids: string[]): Promise<void>;
};

export type TellingSale = { id: string; mode: SaleMode; hasSubscribers: boolean };
export type Subscriber = { visitor: string; number: number; lane: Lane };
/** Whose place an address (`recipientDigest`) was given with, and when (ms). */
export type Given = { visitor: string; number: number; recipient: string; givenAt: number };
export type Addressed = { saleId: string; visitor: string };
export type Ranked = Subscriber & { score: number };
export type Told = Subscriber & { usefulUntil: number };

/** Times in ms; of a payment that failed the hold of the order is the end. */
export type ToldOrder = {
  orderId: string;
  notice: string;
  about: string;
  toldAt: number;
  usefulUntil: number;
};

/** One notice by one channel, as its job names it. */
export type PlaceNoticeRef = {
  saleId: string;
  visitor: string;
  number: number;
  /** A `PlaceNoticeKind`, or the kind of an order's notice. */
  notice: string;
  /** The order, and the payment behind a dot where there may be several; '' of a place. */
  about: string;
  channel: NoticeChannel;
};
export type PlaceNoticeJob = PlaceNoticeRef & { kind: 'place-notice' };

/** What is needed to send one. */
export type PlaceNotice = {
  isEnded: boolean;
  createdAt: number;
  usefulUntil: number;
  saleName: string;
  appearance: Appearance | null;
  /** As they are now; null: they want it no more. */
  email: string | null;
  push: PushSubscription | null;
  language: string | null;
};

export type PlaceRows = {
  /** Public sales, and those closed after `closedSince` (ms). */
  sales(closedSince: number): Promise<TellingSale[]>;
  /**
   * One ask of a visitor at most; what is older than the one that is kept changes nothing. Answers the visitors
   * whose asks were kept.
   */
  keep(saleId: string, asks: StoredAsk[], now: number): Promise<string[]>;
  /** Of a lottery: those that wait for their rank. */
  unranked(saleId: string, limit: number): Promise<Subscriber[]>;
  /** Where they stand from now on. */
  rank(saleId: string, ranked: Ranked[]): Promise<void>;
  /** The first of those of whom it is not decided whether to tell them that it is soon their turn. */
  nearly(saleId: string, lane: Lane, upToScore: number, limit: number): Promise<Subscriber[]>;
  /** Those of whom it is not decided whether to tell them that everything is sold. */
  unsold(saleId: string, limit: number): Promise<Subscriber[]>;
  decide(kind: 'soon' | 'sold-out', saleId: string, decided: Subscriber[]): Promise<void>;
  /** Which of these visitors asked to be told. */
  among(saleId: string, visitors: string[]): Promise<Subscriber[]>;
  /**
   * Writes a notice by each channel that they want, unless there is one already. Answers the visitors
   * who had none of it by any channel.
   */
  tell(kind: PlaceNoticeKind, saleId: string, told: Told[], now: number): Promise<string[]>;
  /**
   * Those of these addresses that had unsubscribed before are to be asked whether it was they who gave it: a
   * notice for each visitor who gave it, of which one is sent (`takeMail`). Whoever takes it
   * back keeps nobody else from being asked.
   */
  askAgain(saleId: string, given: Given[], now: number, usefulUntil: number): Promise<void>;
  /** The notices of orders, by push alone: of shoppers who have subscribed. */
  tellOrders(orders: ToldOrder[]): Promise<void>;
  /**
   * Takes those that are due, of urgencies up to `upTo`, the urgent ones first and of them what is of no use
   * soonest. They are due again at `now + leaseMs`.
   */
  due(
    channel: NoticeChannel,
    now: number,
    wish: { leaseMs: number; limit: number; upTo: number },
  ): Promise<PlaceNoticeRef[]>;
  find(ref: PlaceNoticeRef): Promise<PlaceNotice | null>;
  /** `claimed`: ours to send; a claim older than `staleMs` is taken over. */
  claim(
    ref: PlaceNoticeRef,
    now: number,
    staleMs: number,
  ): Promise<'claimed' | 'ended' | 'under-way'>;
  /** What was sent is settled, whoever took over the claim; all else by whose claim it is. */
  settle(
    ref: PlaceNoticeRef,
    claimedAt: number,
    outcome: PlaceNoticeEnd,
    now: number,
  ): Promise<void>;
  /**
   * Gives our claim back after a failure, and nobody else's; tried again after the pause that follows
   * from how often it was.
   */
  putOff(
    ref: PlaceNoticeRef,
    claimedAt: number,
    now: number,
    pauseMs: (tries: number) => number,
  ): Promise<void>;
  /**
   * Takes one of the mails that an address (`recipientDigest`) gets of a sale, and notes with the notice that
   * it goes there: whoever's places they are about, and whatever became of the wish, it is no more
   * than `mailsMax`. Of those that ask whether it was they who gave it one goes after each
   * unsubscribing: `asked`, or `being-asked` while another may still come to nothing.
   */
  takeMail(
    recipient: string,
    ref: PlaceNoticeRef,
    mailsMax: number,
  ): Promise<'taken' | 'too-many' | 'asked' | 'being-asked'>;
  /** The browser has ended it. One that came since stays. */
  dropPush(ref: Pick<PlaceNoticeRef, 'saleId' | 'visitor'>, endpoint: string): Promise<void>;
  /** Those of whom there is an address, in the order of their names from `after` on. */
  addressed(after: Addressed | null, limit: number): Promise<Addressed[]>;
  /** Of a place up to that number: who came again keeps what they said since. */
  dropAddresses(
    saleId: string,
    ended: { visitor: string; number: number; dropsPush: boolean }[],
  ): Promise<void>;
  /** Drops what is kept of sales that ended before; answers how many rows. */
  forget(endedBefore: number): Promise<number>;
};

export type PushMessage = {
  /** JSON, 3 KB at most. */
  payload: string;
  /** For how long a push service may keep it. */
  ttlSeconds: number;
  urgency: 'high' | 'normal';
  /** A newer one of the same topic replaces an older one that was not delivered. */
  topic: string;
};

/** A push service that asks us to wait, in ms; others that fail reject with any error. */
export class PushPutOff extends Error {
  readonly afterMs: number;
  /** Somebody has to mend it here: keys, or the clock. */
  readonly isOurs: boolean;

  constructor(afterMs: number, why: string, isOurs = false) {
    super(why);
    this.isOurs = isOurs;
    this.name = 'PushPutOff';
    this.afterMs = afterMs;
  }
}

export type Pusher = {
  /** `gone`: the subscription has ended. `refused`: it will never be taken. Rejects otherwise. */
  send(subscription: PushSubscription, message: PushMessage): Promise<'sent' | 'gone' | 'refused'>;
};
