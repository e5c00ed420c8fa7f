import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { BuyerKind } from '@fairgate/shared/order.ts';
import type { Language } from '@fairgate/shared/words/languages.ts';
import type { StoredRedemption } from '../domain/idempotency.ts';
import type { OrderChange } from '../domain/order-machine.ts';
import type { StoredOrder } from '../domain/order-view.ts';
import type { LateBudget, PaymentNews, StoredPayment } from '../domain/payment-rules.ts';
import type { Buyer, Item, ProductStanding } from '../domain/redemption.ts';

/** A redemption on its way into a batch. `orderId` is made here, so that we know our own again. */
export type Claim = {
  orderId: string;
  jti: string;
  saleId: string;
  visitor: string;
  number: number;
  /** The number in the line, which revocations go by: another one where `number` was drawn. */
  place: number;
  max: number;
  idempotencyKey: string | null;
  requestHash: string;
  email: string | null;
  language: Language | null;
  /** The shop's own login that the token names. */
  identity: string | null;
  /** Of the DPoP proof that came with a bound token, by `proofUse`: stored, so that it proves once. */
  proof: string | null;
  /** Its order is paid at a checkout of the shop's own, which reported it. */
  paidElsewhere: boolean;
  shard: number;
  items: Item[];
  /** Whose units it counts among, with their limits. */
  buyers: Buyer[];
};

/** What a token says of itself that counts before its units do. */
export type TokenFacts = Pick<Claim, 'jti' | 'saleId' | 'visitor' | 'number' | 'place' | 'max'>;

/** What the claim statement did for one request. */
export type ClaimRow =
  | { kind: 'created'; order: StoredOrder }
  /** Too few units were to be had; nothing was written. */
  | { kind: 'short' }
  /** One of its buyers would have more units than allowed; nothing was written. */
  | { kind: 'limited'; by: BuyerKind }
  /** The token was revoked; nothing was written. */
  | { kind: 'revoked' }
  /** The token has a row, perhaps our own of an earlier try; nothing was written. */
  | { kind: 'stored' };

/**
 * `refused`: the data of a claim is bad, nothing was written. `locked`: another transaction kept a row
 * for too long, nothing was written. `failed`: the statement as such could not be done (time-outs, no
 * room), nothing was written. `raced`: another transaction changed
 * meanwhile what this one had read, nothing was written; the next try sees it. `lost`: nobody knows;
 * look before you tell.
 */
export type ClaimReply =
  | { kind: 'done'; rows: Map<string, ClaimRow> }
  | { kind: 'refused'; cause: unknown }
  | { kind: 'locked'; cause: unknown }
  | { kind: 'failed'; cause: unknown }
  | { kind: 'raced'; cause: unknown }
  | { kind: 'lost'; cause: unknown };

export type ProofUse = 'fine' | 'used' | 'too-many';

export type ClaimStore = {
  /** One statement, one transaction. `rows` is by order id, and has each claim. */
  claim(claims: readonly Claim[]): Promise<ClaimReply>;
  /** The same for one claim, waiting for locked rows up to a deadline. */
  claimWaiting(claim: Claim): Promise<ClaimReply>;
  /** Rows of spent or lapsed tokens by `jti`. Rejects when Postgres cannot be had. */
  findStored(jtis: readonly string[]): Promise<Map<string, StoredRedemption>>;
  /** The row of one token, after whoever writes one right now has committed it, or has not. */
  findWritten(token: TokenFacts): Promise<StoredRedemption | null>;
  isRevoked(token: TokenFacts): Promise<boolean>;
  /** Which of these claims could not be filled from the free units, as committed right now. */
  unfillable(claims: readonly Claim[]): Promise<Set<string>>;
  /**
   * Takes a further proof for a token that has a row, and stores it; once more in a second try of
   * the same request. `used` too where the token has no row; `too-many`, and
   * not stored, where its key has made so many within a minute.
   */
  useProof(jti: string, use: string): Promise<ProofUse>;
};

/** The part of a sale that a redemption and a page need. */
export type SaleOffer = {
  id: string;
  name: string;
  currency: string;
  maxUnitsPerShopper: number;
  /** Null where the sale sets no limit by e-mail. */
  unitsPerEmail: number | null;
  /** Orders of a deleted sale live on; it sells nothing more. */
  isDeleted: boolean;
  /** The shop's own look of the pages; null where it never set one. */
  appearance: Appearance | null;
  products: {
    id: string;
    name: string;
    description: string;
    priceMinor: number;
    /** What is not offered is no longer for sale; orders still show its name. */
    standing: ProductStanding;
  }[];
};

export type SaleStore = {
  findSale(saleId: string): Promise<SaleOffer | null>;
  /** Whether some public sale has the product. */
  isOffered(productId: string): Promise<boolean>;
};

export type EndReply =
  | { kind: 'ended'; order: StoredOrder }
  | { kind: 'refused'; order: StoredOrder };

export type BeginPaymentReply =
  | { kind: 'begun'; payment: StoredPayment; order: StoredOrder }
  | { kind: 'under-way'; payment: StoredPayment }
  /** An earlier try of the same request began it. */
  | { kind: 'again'; payment: StoredPayment; order: StoredOrder }
  | { kind: 'expired' }
  | { kind: 'refused'; order: StoredOrder }
  | { kind: 'unknown' };

export type RefundBy = { actor: string; reason: string | null };

export type OrderStore = {
  find(orderId: string): Promise<StoredOrder | null>;
  findMany(orderIds: readonly string[]): Promise<StoredOrder[]>;
  versions(orderIds: readonly string[]): Promise<Map<string, number>>;
  /** Gives the units back before paying; `refused` where the table of transitions says so. */
  cancel(orderId: string, actor: string): Promise<EndReply | null>;
  /** Paid at a checkout of the shop's own; `refused` where it is not such an order too. */
  payElsewhere(orderId: string, actor: string): Promise<EndReply | null>;
  /** An admin gives the money of a paid order back, and its units. */
  refund(orderId: string, by: RefundBy): Promise<EndReply | null>;
  /** Adds `paySeconds`, once. */
  /** `balancerRequest`: a second try of the request that extended it is answered the same. */
  extend(orderId: string, actor: string, balancerRequest: string | null): Promise<EndReply | null>;
  /** Ends unpaid orders whose time is up, all of a batch or none. `only`: none but these. */
  sweep(limit: number, without: readonly string[], only?: readonly string[]): Promise<SweepReply>;
};

/** `refused`: Postgres would not have one of them ended, and ended none. */
export type SweepReply =
  | { kind: 'ended'; ended: { orderId: string; saleId: string }[] }
  | { kind: 'refused'; orderIds: string[]; cause: unknown };

/**
 * `seen`: this event was taken before. `unknown`: no payment of ours. `clash`: its reference is that
 * of another payment, so nothing was changed, nor will be when it comes again.
 */
export type NewsReply =
  | {
      kind: 'taken';
      change:
        | OrderChange
        | 'late'
        | 'refunding'
        | 'refunded'
        | 'refund-failed'
        | 'withdrawn'
        | null;
      orderId: string;
      saleId: string;
    }
  | { kind: 'seen' }
  | { kind: 'unknown' }
  | { kind: 'clash' };

/** How far a hold is made longer while the provider is away. */
export type OutageBounds = { remainSeconds: number; secondsMax: number };

/** What has to be done about a payment, outside of any transaction (D9). */
export type PaymentJob = { kind: 'refund' | 'late' | 'look' | 'withdraw'; paymentId: string };
export type PaymentJobRow = { id: number; job: PaymentJob };

/** `busy`: units that another claim has locked may stay free; nothing was decided. */
export type LateReply =
  | { kind: 'bought'; saleId: string }
  | { kind: 'refunding'; saleId: string }
  | { kind: 'decided' }
  | { kind: 'busy' };

export type WantedPayment = {
  orderId: string;
  provider: string;
  paymentId: string;
  /** The balancer's id of the request that asks for it. */
  balancerRequest: string | null;
};

export type PaymentStore = {
  begin(wanted: WantedPayment): Promise<BeginPaymentReply>;
  /** The provider took it: its own id of the payment. */
  accepted(paymentId: string, reference: string): Promise<void>;
  /** The provider never took it. `told`: what the order says of it; null where that was said. */
  abandoned(paymentId: string, failure: string, told: string | null): Promise<void>;
  /** The provider gave no answer: the payment is asked about later, and the hold kept longer. */
  unanswered(paymentId: string, bounds: OutageBounds): Promise<void>;
  /** The provider took it, and tells nothing of it now: it goes on, and the hold is kept longer. */
  untold(paymentId: string, bounds: OutageBounds): Promise<void>;
  /** One transaction: the event's id, the payment, the order, units, ledger, outbox. */
  takeNews(
    provider: string,
    eventId: string | null,
    paymentId: string,
    news: PaymentNews,
  ): Promise<NewsReply>;
  /** The one under way, or else the newest. */
  latest(orderId: string): Promise<StoredPayment | null>;
  /**
   * Declined payments that may still be paid at providers that could end them; none where an
   * earlier try of the same request began a payment.
   */
  stillPayable(orderId: string, balancerRequest: string | null): Promise<StoredPayment[]>;
  /** The order of a payment that is `late`, and for how long; null where that is decided. */
  findLate(paymentId: string): Promise<{ order: StoredOrder; waitedSeconds: number } | null>;
  /** Units anew and the order paid, or the money on its way back. `mayWait`: for locked units. */
  placeLate(paymentId: string, budget: LateBudget, mayWait: boolean): Promise<LateReply>;
  /** The payment of a job, where there is still something to do. */
  takeUp(
    paymentId: string,
    kind: Exclude<PaymentJob['kind'], 'late'>,
  ): Promise<StoredPayment | null>;
  /**
   * Money to be given back, or payments to be withdrawn: each after a longer pause than before.
   * Whom it returns go to the end of the line, so that none starves.
   */
  due(kind: 'refund' | 'withdraw', graceSeconds: number, limit: number): Promise<StoredPayment[]>;
  /** Late money of which nothing is decided. */
  late(graceSeconds: number, limit: number): Promise<StoredPayment[]>;
  /**
   * Payments under way of which nothing was heard for so long; and those whose provider gave no
   * answer, for a day and ever more seldom. Whom it returns go to the end of the line.
   */
  silent(seconds: number, limit: number): Promise<StoredPayment[]>;
  /** Forgets events that are older; a repeated one changes nothing by the rules either. */
  forgetEvents(days: number, limit: number): Promise<number>;
  /** Hands the oldest jobs of the outbox over; they are deleted unless it rejects. */
  relayJobs(
    limit: number,
    handOver: (jobs: PaymentJobRow[], unreadable: number[]) => Promise<void>,
  ): Promise<number>;
};

/** Where payment jobs wait their turn. A job may run twice. */
export type PaymentQueue = {
  /** False while its Redis cannot be reached. */
  ready(): boolean;
  add(jobs: PaymentJobRow[]): Promise<void>;
};

/** Who wants no more notices of a sale, by `recipientDigest` of their address. */
export type NoticeOptouts = {
  /** Once or twice is the same; what they say later holds against links of before. */
  add(saleId: string, recipient: string): Promise<void>;
  /** Takes back what they said at that moment (ms) or before; false: they have said it again since. */
  takeBack(saleId: string, recipient: string, unsubscribedAt: number): Promise<boolean>;
};
