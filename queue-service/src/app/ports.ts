import type { BanKind, BanList, ListedBan } from '@fairgate/shared/bans/ban.ts';
import type { Suspect } from '@fairgate/shared/bans/suspects.ts';
import type { StoredDraw } from '@fairgate/shared/draw/drawing.ts';
import type { Order, OrderState } from '@fairgate/shared/order.ts';
import type { Outcome, ReportedAnswer } from '@fairgate/shared/reported-outcomes.ts';
import type { UsedUp } from '@fairgate/shared/room/room.ts';
import type { RoomSettings, SaleMode, SalePhase } from '@fairgate/shared/sale.ts';
import type { Mail, NoticeKind } from '../domain/notice.ts';
import type { BanRecord, ProductRecord, SaleRecord } from '../domain/records.ts';
import type { Whom } from '../domain/revocation.ts';
import type { Checkpoint, Loss, RoomSource } from '../domain/room-source.ts';
import type { AuditRows, KeyRows, OnceRows, SessionRows } from './access-ports.ts';
import type { AppearanceRows } from './appearance-ports.ts';
import type { ImportRows } from './import-ports.ts';
import type { HistoryRows, LiveRows } from './live-ports.ts';
import type { NoticeRows } from './notice-ports.ts';
import type { PlaceRows } from './place-ports.ts';
import type { SaleBooks, SaleReport } from './summary-ports.ts';
import type { WebhookRows } from './webhook-ports.ts';

/** Some of the fields; what is undefined stays as it is. */
export type Changes<T> = { [K in keyof T]?: T[K] | undefined };

/** Lists run from the newest id down; `cursor` is the last id that was seen. */
export type PageOf = { cursor?: string | undefined; limit: number };

export type ProductFields = {
  name: string;
  description: string;
  imageUrl: string | null;
  priceMinor: number;
  currency: string;
};

export type ProductRows = {
  insert(product: ProductFields & { id: string; now: number }): Promise<void>;
  /** Null where there is none, or it was deleted. `lock`: until the transaction ends. */
  find(id: string, lock?: 'update'): Promise<ProductRecord | null>;
  /** Those of `ids` that exist, locked against deletion unless told not to; id and currency only. */
  offered(ids: string[], lock?: 'unlocked'): Promise<{ id: string; currency: string }[]>;
  page(page: PageOf): Promise<ProductRecord[]>;
  /** In the order of `ids`, deleted ones too. */
  kept(ids: string[]): Promise<ProductRecord[]>;
  /** Every change raises the version. */
  update(id: string, fields: Changes<ProductFields>, now: number): Promise<void>;
  remove(id: string, now: number): Promise<void>;
  /** Adds free units, dealt to the shards in turn. */
  addUnits(id: string, count: number, present: number): Promise<void>;
  /** The sale that is not closed and offers it, or null. */
  liveSaleId(id: string): Promise<string | null>;
};

export type SaleFields = {
  name: string;
  phase: SalePhase;
  mode: SaleMode;
  currency: string;
  startsAt: number;
  endsAt: number | null;
  room: RoomSettings;
};

export type SaleRows = {
  insert(sale: SaleFields & { id: string; now: number }): Promise<void>;
  find(id: string, lock?: 'update'): Promise<SaleRecord | null>;
  /** A deleted sale too: its orders, its ledger and what was sold stay readable. */
  findKept(id: string): Promise<SaleRecord | null>;
  page(page: PageOf): Promise<SaleRecord[]>;
  /** Every change raises the version. */
  update(id: string, fields: Changes<SaleFields>, now: number): Promise<void>;
  remove(id: string, now: number): Promise<void>;
  /** Answers false where one of them is in another sale that is not closed. */
  setProducts(id: string, productIds: string[]): Promise<boolean>;
  /** Frees the products for other sales. */
  release(id: string): Promise<void>;
  wasOpened(id: string): Promise<boolean>;
  /** Sales that are published and not closed, and those closed after `closedSince` (ms), if any. */
  rooms(closedSince: number | null): Promise<SaleRecord[]>;
};

export type RoomRows = {
  /** For a room that Redis lost: nobody writes to the outbox until the transaction ends. */
  holdOutbox(): Promise<void>;
  /** `settings`: of a room that is there; how it would begin is left out. */
  source(saleId: string, need: 'beginning' | 'settings'): Promise<RoomSource | null>;
  /** Of a room that Redis lost. */
  loss(source: RoomSource): Promise<Loss>;
  /** Every token that is spent or lapsed. */
  usedUp(saleId: string): Promise<UsedUp[]>;
  checkpoint(saleId: string): Promise<Checkpoint | null>;
  /** Older checkpoints never replace newer ones. */
  saveCheckpoints(taken: { saleId: string; checkpoint: Checkpoint }[]): Promise<void>;
};

/** Of places and tokens; see `revocations` in the schema. */
export type RevocationRows = {
  insert(saleId: string, whom: Whom): Promise<void>;
  count(saleId: string): Promise<number>;
};

/** The draws of lotteries. */
export type DrawRows = {
  /** Makes the secret of a sale, once: it stays, whatever becomes of its mode. */
  ensure(saleId: string, secret: string): Promise<void>;
  published(saleId: string, now: number): Promise<void>;
  find(saleId: string): Promise<StoredDraw | null>;
};

/** `now` in ms: what has expired by then does not hold. */
export type BanRows = {
  /** Until the transaction ends nobody else makes bans: two instances make one ban of a suspect. */
  lock(): Promise<void>;
  insert(ban: BanRecord): Promise<void>;
  find(id: string, now: number): Promise<BanRecord | null>;
  /** One that holds of the same value, or null. */
  like(kind: BanKind, value: string, now: number): Promise<BanRecord | null>;
  page(page: PageOf, now: number): Promise<BanRecord[]>;
  holding(now: number): Promise<ListedBan[]>;
  count(now: number): Promise<number>;
  remove(id: string): Promise<void>;
  /** Deletes and returns those that have expired. */
  dropExpired(now: number): Promise<BanRecord[]>;
  /** Rises with each call; `atLeast`: above what is published already. */
  nextVersion(atLeast: number): Promise<number>;
};

/** What gateways read of bans, in Redis. */
export type PublishedBans = {
  /** Null where there is none, or nobody can read it. */
  read(): Promise<BanList | null>;
  /** Keeps a list with a higher version. */
  publish(list: BanList): Promise<'published' | 'older'>;
};

/** What gateways count and report, in Redis. */
export type DoorCounts = {
  /** The oldest reports, each given once; what nobody can read is left out. */
  takeSuspects(limit: number): Promise<Suspect[]>;
  /** Forgets what was counted of the client that has an address, or is a /64; others do nothing. */
  forget(value: string): Promise<void>;
  /** Refused attempts in all sales, by the slug of the refusal. */
  blockedTotals(): Promise<Record<string, number>>;
};

export type AdminOrder = Order & { number: number; paidElsewhere?: true };

export type OrderRows = {
  find(id: string): Promise<AdminOrder | null>;
  page(
    page: PageOf & {
      saleId?: string | undefined;
      state?: OrderState | undefined;
      /** An id, an e-mail address, or a number in the line. */
      q?: string | undefined;
    },
  ): Promise<AdminOrder[]>;
};

export type RefundReply =
  | { kind: 'refunded' }
  | { kind: 'unknown' }
  /** Its state does not allow it; in words for the admin. */
  | { kind: 'refused'; detail: string }
  | { kind: 'unavailable'; cause: unknown };

/** The checkouts, which own orders. */
export type Checkouts = {
  /** May be repeated: a refunded order is `refunded` again. */
  refund(orderId: string, by: { actor: string; reason: string | null }): Promise<RefundReply>;
  /** What a checkout of the shop's own reports: a result for each. May be repeated too. */
  report(saleId: string, reports: { actor: string; outcomes: Outcome[] }): Promise<ReportReply>;
};

export type ReportReply =
  | { kind: 'reported'; results: ReportedAnswer['results'] }
  | { kind: 'unavailable'; cause: unknown };

/** `createdAt`: when what it follows was written, in ms. */
export type OutboxJob = { id: number; payload: unknown; createdAt: number };

export type OutboxRows = {
  /** The oldest jobs, locked; those that another instance is at are skipped. */
  takeJobs(limit: number): Promise<OutboxJob[]>;
  drop(ids: number[]): Promise<void>;
  /** In the queue, and kept under the topic `refund` until they are done. */
  keepRefunds(ids: number[]): Promise<void>;
  /** Those that are not done yet, by their id from `after` on. */
  refundsAfter(after: number, limit: number): Promise<OutboxJob[]>;
  /** Kept under the topic `refused`, to be looked at. */
  setAside(ids: number[]): Promise<void>;
  /** A refund of each paid order of a sale; answers how many there are. */
  addRefunds(saleId: string, by: { actor: string; reason: string | null }): Promise<number>;
};

export type LedgerEntry = {
  actor: string;
  /** Where they sat; null for what this service does by itself, or where nobody can tell. */
  address?: string | null;
  action: string;
  saleId?: string;
  productId?: string;
  detail?: Record<string, unknown>;
  /** Of a change: the fields that are otherwise now, as they were and as they are. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
};

export type Rows = {
  products: ProductRows;
  sales: SaleRows;
  rooms: RoomRows;
  keys: KeyRows;
  sessions: SessionRows;
  audit: AuditRows;
  live: LiveRows;
  history: HistoryRows;
  once: OnceRows;
  draws: DrawRows;
  appearances: AppearanceRows;
  bans: BanRows;
  revocations: RevocationRows;
  orders: OrderRows;
  notices: NoticeRows;
  places: PlaceRows;
  outbox: OutboxRows;
  webhooks: WebhookRows;
  note(entry: LedgerEntry): Promise<void>;
  /** Some thousand at most, by one statement. */
  noteAll(entries: readonly LedgerEntry[]): Promise<void>;
  imports: ImportRows;
  /** Null where there never was such a sale. */
  report(saleId: string): Promise<SaleReport | null>;
  /** The ledger against the tables; for a large sale some seconds. */
  books(saleId: string): Promise<SaleBooks>;
};

export type Store = Rows & {
  transaction<T>(work: (rows: Rows) => Promise<T>): Promise<T>;
  /** One consistent view of everything read in it. */
  snapshot<T>(work: (rows: Rows) => Promise<T>): Promise<T>;
  /** Rejects where Postgres cannot be reached. */
  ping(): Promise<void>;
};

/** The list of public sales in Redis, and the end of a deleted sale's room. */
export type Catalogue = {
  add(saleId: string, startsAt: number): Promise<void>;
  remove(saleId: string): Promise<void>;
  forgetRoom(saleId: string): Promise<void>;
  reachable(): boolean;
};

export type NoticeJob = {
  kind: 'notice';
  notice: NoticeKind;
  orderId: string;
  /** The payment that the notice is about, where there may be several. */
  paymentId?: string | undefined;
  /** When what it tells of happened, in ms; jobs of before it was kept have none. */
  toldAt?: number | undefined;
};

/** Of all paid orders of a sale, ordered together. */
export type RefundJob = {
  kind: 'refund';
  orderId: string;
  actor: string;
  reason: string | null;
  /** In the queue: the row of the outbox that is there until it is done. */
  outboxId?: number | undefined;
};

export type JobQueue<Job> = {
  /** False while its Redis cannot be reached. */
  ready(): boolean;
  /** `priority`: 1 goes ahead of 2, and what has none ahead of all. */
  add(jobs: { jobId: string; data: Job; priority?: number }[]): Promise<void>;
};

/** What mails are signed with (RFC 6376): a private RSA key as PEM, and where its public half is. */
export type DkimSettings = { domain: string; selector: string; privateKey: string };

export type Mailer = {
  /** `refused`: the server will never take it. Other failures reject. */
  send(mail: Mail): Promise<'sent' | 'refused'>;
};

export type Log = {
  info(fields: Record<string, unknown>, text: string): void;
  warn(fields: Record<string, unknown>, text: string): void;
  error(fields: Record<string, unknown>, text: string): void;
};
