import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectDatabase } from '@fairgate/shared/db/client.ts';
import { orders, redemptions, units } from '@fairgate/shared/db/schema.ts';
import { makeDrawing } from '@fairgate/shared/draw/drawing.ts';
import type { Randomness } from '@fairgate/shared/draw/randomness.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { logAudits } from '@fairgate/shared/log/auditing.ts';
import { postgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { clockedScripts, testClockKey } from '@fairgate/shared/room/clocked-scripts.ts';
import { leaseForGood } from '@fairgate/shared/room/test-rooms.ts';
import { parsePassKeys } from '@fairgate/shared/token/pass.ts';
import { and, eq, sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { freshRedisUrl, migratedDatabaseUrl } from '../../e2e/support/stores.ts';
import { publishedBans } from '../src/adapters/bans.ts';
import { checkoutsOver } from '../src/adapters/checkouts.ts';
import { consoleFiles } from '../src/adapters/console-files.ts';
import { serviceMetrics } from '../src/adapters/metrics.ts';
import { cleanHtml } from '../src/adapters/own-html.ts';
import { postgresCheckFacts } from '../src/adapters/postgres/check-facts.ts';
import { postgresStore } from '../src/adapters/postgres/store.ts';
import { redisPreviews } from '../src/adapters/previews.ts';
import { roomSide } from '../src/adapters/room-side.ts';
import type { Login } from '../src/app/access-ports.ts';
import { appearances } from '../src/app/appearances.ts';
import { arrivalsReader } from '../src/app/arrivals.ts';
import { bans as makeBans } from '../src/app/bans.ts';
import { checks } from '../src/app/checks.ts';
import { logKeeper } from '../src/app/log-keeper.ts';
import { orderCalls } from '../src/app/order-calls.ts';
import { makePasses } from '../src/app/passes.ts';
import type { Checkouts } from '../src/app/ports.ts';
import { makePreviews } from '../src/app/previews.ts';
import { revoker } from '../src/app/revocations.ts';
import { roomKeeper } from '../src/app/room-keeper.ts';
import { saleStates } from '../src/app/sale-states.ts';
import { sales } from '../src/app/sales.ts';
import { stockCalls } from '../src/app/stock-calls.ts';
import { summaries } from '../src/app/summaries.ts';
import { suspectBans } from '../src/app/suspects.ts';
import { watching } from '../src/app/watching.ts';
import { makeApi } from '../src/http/app.ts';
import { silent, testAccess } from './access.ts';
import { testHooks } from './webhooks.ts';

export { silent };

const consoleFolder = fileURLToPath(new URL('../dist/console', import.meta.url));
export const adminKey = 'fgk_test-admin-key-of-the-fixture';

export const passKeys = parsePassKeys(
  JSON.stringify({ keys: [{ kid: 'test', k: Buffer.alloc(32, 7).toString('base64url') }] }),
);

/** What shoppers would see. */
export const publicOrigin = 'https://shop.example';

/** The clock's first moment; Redis and the service share it. */
export const startMs = Date.parse('2030-06-01T12:00:00Z');

type OnEnd = (stop: () => Promise<void>) => void;
export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };
export type Service = Awaited<ReturnType<typeof testService>>;

type Randomized = { url: string; randomness: Randomness };
const noRandomness: Randomized = {
  url: '',
  randomness: () => Promise.reject(new Error('no source of randomness was named')),
};

async function testStores(onEnd: OnEnd) {
  const databaseUrl = await migratedDatabaseUrl(onEnd);
  const redisUrl = await freshRedisUrl(onEnd);
  const options = { name: 'test', connectionsMax: 4, statementTimeoutMs: 10_000 };
  const database = connectDatabase({ url: databaseUrl, ...options });
  const redis = openRedis(redisUrl);
  onEnd(async () => {
    redis.disconnect();
    await database.close();
  });
  return { database, databaseUrl, redis, redisUrl };
}

/** The whole service but its timers, over real stores of its own and a clock moved by hand. */
export async function testService(
  onEnd: OnEnd = onTestFinished,
  checkouts: Checkouts = checkoutsOver([], 'no checkout answers'),
  { url, randomness }: Randomized = noRandomness,
  login: Login | null = null,
) {
  const stores = await testStores(onEnd);
  const { database, redis } = stores;
  const time = await movedClock(redis);
  const { clock } = time;
  const logs = postgresLog(async (work) => await work(database.sql));
  const store = postgresStore(database, url);
  const { room, catalogue, counts, blocked } = roomSide(redis, clockedScripts());
  const facts = postgresCheckFacts(database);
  const metrics = serviceMetrics(counts.blockedTotals);
  const { room: watch } = metrics;
  const keeper = roomKeeper({ store, room, blocked, catalogue, clock, log: silent, watch });
  const states = saleStates({ store, keeper, clock });
  const drawing = makeDrawing({ store: logs, room, randomness, now: clock.now });
  const { pauses, ...access } = testAccess(store, redis, clock, login);
  const banParts = { store, published: publishedBans(redis), counts, clock, log: silent };
  const bans = makeBans(banParts);
  await access.keys.bootstrap(adminKey);
  const watched = watching({ store, room, keeper, blocked, clock, pause: sleep });
  const stopping = new AbortController();
  const api = makeApi({
    ...stockCalls({ store, keeper, clock }),
    sales: sales({ store, keeper, catalogue, clock, log: silent }),
    states,
    ...watched,
    summaries: summaries({ store, room, blocked, clock, pause: async () => {} }),
    fairness: logs,
    arrivals: arrivalsReader({ logs, clock }),
    publicOrigin,
    ...orderCalls({ store, checkouts }),
    ...access,
    audit: store.audit,
    note: store.note,
    queues: [],
    console: consoleFiles(consoleFolder),
    bans,
    appearances: appearances({ store, keeper, clean: cleanHtml, clock }),
    ...testHooks(store, clock),
    checks: checks({ store, facts, clock, hasTurnstile: false, publicOrigin }),
    preview: makePreviews({ store, facts, board: redisPreviews(redis), clock, publicOrigin }),
    passes: makePasses({ store, keys: passKeys, clock }),
    hasTurnstile: false,
    revoke: revoker({ store, room, keeper, clock }),
    clock,
    log: silent,
    metrics,
    async ready() {
      await store.ping();
      return { redis: catalogue.reachable() };
    },
    stopping: stopping.signal,
  });
  const service = {
    api,
    store,
    logs,
    ...stores,
    room,
    keeper,
    states,
    ...access,
    history: watched.history,
    bans,
    banSuspects: suspectBans(banParts, 900),
    keepLogs: logKeeper({ logs, room, drawing, audit: logAudits(logs), log: silent }),
  };
  return {
    ...service,
    /** How long answers were held back, in ms. */
    pauses,
    stopping,
    ...time,
    call: caller(api),
  };
}

/** The service's and Redis' own. */
async function movedClock(redis: Redis) {
  let now = startMs;
  const setClock = async () => void (await redis.set(testClockKey, now));
  await setClock();
  const pass = async (ms: number) => {
    now += ms;
    await setClock();
  };
  return { clock: { now: () => now }, setClock, pass };
}

function openRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
  redis.on('error', () => {});
  return redis;
}

/** `call('POST', '/v1/products', {…})`: JSON there and back, as admin unless a key is given. */
type Asked = {
  request(path: string, init: RequestInit, env?: object): Response | Promise<Response>;
};

function caller(api: Asked) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    address?: string,
  ): Promise<Answer> => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...json, ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
    const socket = { remoteAddress: address };
    const response = await api.request(path, init, address ? { incoming: { socket } } : undefined);
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : { text },
    };
  };
}

export const iso = (ms: number) => new Date(ms).toISOString();

export const pen = { name: 'Pen', priceMinor: 1_250, currency: 'EUR', stock: 5 };

/** A product and a sale of it, by the API; the changes are the sale's. No checkout shuts its room. */
export async function aSale(
  { call, redis }: Pick<Service, 'call' | 'redis'>,
  changes: Record<string, unknown> = {},
  product: Record<string, unknown> = {},
): Promise<{ saleId: string; productId: string }> {
  const made = await call('POST', '/v1/products', { ...pen, ...product });
  const productId = String(made.body.id);
  const sale = {
    name: 'Pens',
    productIds: [productId],
    startsAt: iso(startMs + 60_000),
    ...changes,
  };
  const { status, body } = await call('POST', '/v1/sales', sale);
  if (status !== 201) throw new Error(`no sale: ${JSON.stringify(body)}`);
  const saleId = String(body.id);
  if (body.state !== 'draft') await leaseForGood(redis, saleId);
  return { saleId, productId };
}

/** An order as the checkout would have written it: one unit of the product, held or sold. */
export async function anOrder(
  { database: { db } }: Pick<Service, 'database'>,
  order: { saleId: string; productId: string; jti: string; state: 'awaiting_payment' | 'paid' },
  email: string | null = 'shopper@example.org',
): Promise<{ orderId: string; unitId: string }> {
  const { saleId, productId, jti, state } = order;
  const orderId = newId('ord');
  const payBefore = new Date(startMs + 300_000);
  const free = and(eq(units.productId, productId), eq(units.state, 'free'));
  const [unit] = await db.select().from(units).where(free).limit(1);
  if (!unit) throw new Error('no free unit');
  const unitState = state === 'paid' ? 'sold' : 'held';
  await db.update(units).set({ state: unitState, orderId }).where(eq(units.id, unit.id));
  const who = { saleId, jti, visitor: `visitor-${jti}`, number: 1 };
  await db.insert(redemptions).values({ ...who, max: 1, kind: 'order', orderId });
  await db.insert(orders).values({
    ...who,
    id: orderId,
    state,
    totalMinor: 1_250,
    currency: 'EUR',
    email,
    payBefore,
    firstPayBefore: payBefore,
    ...(state === 'paid' ? { paidAt: new Date(startMs) } : {}),
  });
  await db.execute(
    `insert into order_lines values ('${orderId}', '${productId}', 1, 1250);
     insert into order_units values ('${orderId}', '${unit.id}', '${productId}', true)`,
  );
  const items = [{ productId, quantity: 1, unitPriceMinor: 1_250 }];
  const note = (action: string, detail: object) => sql`
    insert into ledger (actor, action, sale_id, order_id, unit_ids, detail)
    values (${`visitor:${who.visitor}`}, ${action}, ${saleId}, ${orderId}, array[${unit.id}],
      ${JSON.stringify(detail)}::text::jsonb)`;
  await db.execute(note('order.placed', { items }));
  if (state === 'paid') await db.execute(note('order.paid', {}));
  return { orderId, unitId: unit.id };
}
