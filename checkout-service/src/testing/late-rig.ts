import { oneServer } from '@fairgate/shared/redis/place.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { SettleReport } from '@fairgate/shared/room/room.ts';
import { noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import type { RoomSettingsPatch } from '@fairgate/shared/sale.ts';
import type { PurchaseClaims } from '@fairgate/shared/token/purchase.ts';
import { Redis } from 'ioredis';
import { postgresOrders } from '../adapters/postgres/order-store.ts';
import { postgresPayments } from '../adapters/postgres/payment-store.ts';
import { makePool, type Pool } from '../adapters/postgres/pool.ts';
import type { PolicyFigures } from '../adapters/provider-policy.ts';
import { connectRoom, type RoomConnection } from '../adapters/redis-reports.ts';
import { makePaymentJobs, type PaymentJobs } from '../app/payment-jobs.ts';
import type { OrderStore, PaymentStore } from '../app/ports.ts';
import { eventually, makeRig, type Rig } from './checkout-rig.ts';
import { type PlacedOrder, placeOrder } from './payment-rig.ts';
import { quietMetrics } from './quiet-metrics.ts';
import { roomFields } from './room-fields.ts';
import { makeSandbox, type SandboxRig } from './sandbox-rig.ts';

const quiet = { info() {}, warn() {}, error() {} };
const metrics = quietMetrics();

export type LateSale = {
  rig: Rig;
  /** How many units the room has promised and not had back. */
  promised(): Promise<number | undefined>;
  /** As the relay would: the room hears what waits in the outbox about an order. */
  report(order: LateOrder): Promise<void>;
  promise(order: LateOrder, units?: number): Promise<string>;
};

export type LateOrder = PlacedOrder & {
  paymentIds: string[];
  /** The first of them. */
  paymentId: string;
  /** The provider's words arrive at last, once or oftener. */
  hearAll(): Promise<void>;
  states(): Promise<string[]>;
  /** Reports about its promise that wait in the outbox. */
  againReports(): Promise<Report[]>;
};

type Report = Omit<SettleReport, 'seq'>;

export type LateWish = {
  count?: number;
  claims?: Partial<PurchaseClaims>;
  email?: string;
  items?: { productId: string; quantity: number }[];
};

/** For tests: late money and the jobs about it, without any loop. */
export type LateRig = {
  sandbox: SandboxRig;
  orders: OrderStore;
  payments: PaymentStore;
  /** Two instances, and one that cannot reach the room. */
  here: PaymentJobs;
  there: PaymentJobs;
  roomless: PaymentJobs;
  /** A sale with so many units in Postgres, and a room whose budget has so many left. */
  saleOf(units: number | number[], budget: number, room?: RoomSettingsPatch): Promise<LateSale>;
  /** An order that expired unpaid, and `count` payments that the provider took all the same. */
  lateOrder(rig: Rig, wish?: LateWish): Promise<LateOrder>;
  close(): Promise<void>;
};

export async function makeLateRig(
  databaseUrl: string,
  redisUrl: string,
  figures?: PolicyFigures,
): Promise<LateRig> {
  const redis = new Redis(redisUrl);
  // The provider's webhooks, kept back until a test hands them over.
  const held: Held[] = [];
  const sandbox = await makeSandbox(async (request) => {
    const signature = request.headers.get('fairgate-signature') ?? '';
    held.push({ body: await request.text(), signature });
    return new Response();
  }, figures);
  const pools = [1, 2, 3, 4].map(() => poolOf(databaseUrl)) as [Pool, Pool, Pool, Pool];
  const urls = [redisUrl, redisUrl, 'redis://127.0.0.1:1'];
  const rooms = urls.map((url) => connectRoom(oneServer(url), () => {}));
  const [here, there, roomless] = rooms.map((room, i) =>
    jobsOf(sandbox, pools[i] as Pool, room),
  ) as [PaymentJobs, PaymentJobs, PaymentJobs];
  for (const { room } of rooms.slice(0, 2)) {
    await eventually(() => room.promise('sale_x', 'k', 1).catch(() => null));
  }
  const own = pools[3];
  const options = { orders: own, background: own, withdrawable: [] };
  const orders = postgresOrders({ ...options, paymentGraceSeconds: 60 });
  const rigs: Rig[] = [];
  return {
    sandbox,
    orders,
    payments: postgresPayments(options),
    here,
    there,
    roomless,
    async saleOf(units, budget, room = {}) {
      const providers = [sandbox.provider];
      const rig = await makeRig({ databaseUrl, units: [units].flat(), providers, room });
      rigs.push(rig);
      return await openLateSale(rig, redis, budget);
    },
    lateOrder: (rig, wish) => lateOrder(rig, orders, held, wish),
    async close() {
      for (const rig of rigs) await rig.close();
      for (const pool of pools) await pool.close();
      for (const room of rooms) room.close();
      redis.disconnect();
      await sandbox.close();
    },
  };
}

function poolOf(url: string): Pool {
  const options = { url, name: 'test-late', connectionsMax: 2, log: quiet };
  return makePool({ ...options, statementTimeoutMs: 5_000 });
}

function jobsOf(sandbox: SandboxRig, pool: Pool, { room }: RoomConnection): PaymentJobs {
  return makePaymentJobs({
    providers: [sandbox.provider],
    payments: postgresPayments({ orders: pool, background: pool, withdrawable: [] }),
    room,
    queue: null,
    metrics,
    log: quiet,
    silenceSeconds: 1_000,
    outage: { remainSeconds: 60, secondsMax: 600 },
    lateWaitSeconds: 60,
    graceSeconds: 0,
    relayMax: 10,
    sweepMax: 20,
    eventDays: 30,
    eventsMax: 10,
    stockChanged() {},
  });
}

async function openLateSale(rig: Rig, redis: Redis, budget: number): Promise<LateSale> {
  const room = redisRoom(redis, nodeScripts());
  const { saleId } = rig;
  const beginning = { ...noBeginning, free: budget };
  await room.configure(saleId, 1, { ...roomFields, units: budget }, beginning);
  return {
    rig,
    promised: async () => (await room.figures(saleId))?.outstanding,
    promise: (order, units = 1) => room.promise(saleId, `again:${order.id}`, units),
    async report(order) {
      const reports = await order.againReports();
      const settled = reports.map((report, i) => ({ ...report, seq: i + 1 }));
      await room.settle(saleId, settled);
    },
  };
}

type Held = { body: string; signature: string };

async function lateOrder(
  rig: Rig,
  orders: OrderStore,
  held: Held[],
  wish: LateWish = {},
): Promise<LateOrder> {
  const { count = 1, email = 'late@example.org', items } = wish;
  const token = await rig.token(wish.claims);
  const order = await placeOrder(rig, { token, email, ...(items && { items }) });
  for (let i = 0; i < count; i += 1) {
    if ((await order.pay()).status !== 202) throw new Error('the payment was not taken');
    // As after a time-out of ours: the attempt counts as failed, though the provider took it.
    await rig.sql`update payments set state = 'failed' where order_id = ${order.id}`;
  }
  const paymentIds = (await order.payments()).map((row) => String(row.id));
  const isOurs = ({ body: text }: Held) => paymentIds.some((one) => text.includes(one));
  await eventually(async () => held.filter(isOurs).length === count);
  await order.runsOut(100);
  await orders.sweep(100, []);
  if ((await order.read()).state !== 'expired') throw new Error('the order did not expire');
  return {
    ...order,
    paymentIds,
    paymentId: paymentIds[0] ?? '',
    async hearAll() {
      for (const { body: text, signature } of held.filter(isOurs)) {
        const headers = { 'fairgate-signature': signature, 'content-type': 'application/json' };
        const { status } = await rig.call('POST', '/webhooks/sandbox', { text, headers });
        if (status !== 200) throw new Error(`the webhook was answered ${status}`);
      }
    },
    states: async () => (await order.payments()).map((row) => String(row.state)),
    againReports: async () =>
      (await order.told('room')).filter(({ jti }) => jti === `again:${order.id}`),
  };
}
