import type { DueToken, SettleReport, StockCount } from '@fairgate/shared/room/room.ts';
import { z } from 'zod';
import type { BackgroundStore, Delivered, OutboxReport } from '../../app/room-ports.ts';
import { isFinal } from '../../domain/order-machine.ts';
import { type StoredOrder, unitsTaken } from '../../domain/order-view.ts';
import { limits } from '../../limits.ts';
import { readOrders } from './order-rows.ts';
import type { Pool, Sql, Transaction } from './pool.ts';

/** Held by the one instance that relays; fixed, and ours alone. */
const relayLock = 4_242_002;

/** A room would count anything else too. */
const count = z.int().min(0);
const reportSchema = z.object({
  kind: z.enum(['spent', 'extended', 'ended', 'lapsed', 'bought']),
  jti: z.string(),
  visitor: z.string(),
  number: count,
  max: count,
  taken: count,
  returned: count,
  payBefore: count,
  after: count.default(0),
});
const outboxSchema = z.object({
  id: z.number(),
  sale_id: z.string(),
  age_seconds: z.number(),
  payload: z.unknown(),
});
const countSchema = z.object({
  product_id: z.string(),
  free: z.number(),
  held: z.number(),
  sold: z.number(),
});

export function postgresBackground(pool: Pool): BackgroundStore {
  return {
    relay: (limit, withoutSales, deliver) =>
      pool.run((sql) => relay(sql, limit, withoutSales, deliver)),
    settlingSales: () => pool.run(settlingSales),
    lapse: (saleId, tokens) => pool.run((sql) => lapse(sql, saleId, tokens)),
    countStock: (saleId) => pool.run((sql) => countStock(sql, saleId)),
    outbox: () => pool.run(outboxByTopic),
    ping: () =>
      pool.run(async (sql) => {
        await sql`select 1`;
      }),
  };
}

async function relay(
  sql: Sql,
  limit: number,
  withoutSales: readonly string[],
  deliver: (reports: OutboxReport[], unreadable: number[]) => Promise<Delivered>,
): Promise<number | null> {
  return await sql.begin(async (tx) => {
    const [lock] = await tx`select pg_try_advisory_xact_lock(${relayLock}) as mine`;
    if (lock?.mine !== true) return null;
    // A machine that vanished holds the lock no longer than this.
    await tx`select set_config('idle_in_transaction_session_timeout',
      ${`${limits.relaySilenceMs}ms`}, true)`;
    const rows = await tx`
      select id, sale_id, payload, extract(epoch from now() - created_at)::float8 as age_seconds
      from outbox
      where topic = 'room' and sale_id <> all(${[...withoutSales]}::text[])
      order by id limit ${limit}`;
    if (rows.length === 0) return 0;
    const { reports, unreadable } = readReports(rows);
    const { done, refused } = await deliver(reports, unreadable);
    const aside = [...unreadable, ...refused];
    if (aside.length > 0) {
      await tx`update outbox set topic = 'refused' where id = any(${aside}::bigint[])`;
    }
    if (done.length > 0) await tx`delete from outbox where id = any(${done}::bigint[])`;
    return done.length;
  });
}

/** A payload that is no report is no reason for all the others to wait. */
function readReports(rows: Iterable<unknown>): { reports: OutboxReport[]; unreadable: number[] } {
  const reports: OutboxReport[] = [];
  const unreadable: number[] = [];
  for (const row of z.array(outboxSchema).parse([...rows])) {
    const { id, sale_id: saleId, age_seconds: ageSeconds } = row;
    const report = reportSchema.safeParse(row.payload);
    if (report.success) reports.push({ id, saleId, ageSeconds, report: report.data });
    else unreadable.push(id);
  }
  return { reports, unreadable };
}

/** Tokens outlive the sale's closing by their own deadline, an hour at most. */
async function settlingSales(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select id from sales
    where deleted_at is null
      and (phase in ('open', 'paused', 'scheduled')
        or (phase = 'closed' and updated_at > now() - interval '2 hours'))`;
  return z
    .array(z.object({ id: z.string() }))
    .parse([...rows])
    .map((row) => row.id);
}

async function lapse(
  sql: Sql,
  saleId: string,
  tokens: readonly DueToken[],
): Promise<SettleReport[]> {
  const jtis = tokens.map((token) => token.jti);
  // In the order of `jti`, as the claims insert them.
  await sql`
    insert into redemptions (jti, sale_id, visitor, number, max, kind)
    select t.jti, ${saleId}, t.visitor, t.number, t.promise, 'lapsed'
    from unnest(${jtis}::text[], ${tokens.map((token) => token.visitor)}::text[],
      ${tokens.map((token) => token.number)}::bigint[],
      ${tokens.map((token) => token.promise)}::int[]) as t(jti, visitor, number, promise)
    order by t.jti
    on conflict (jti) do nothing`;
  const rows = await sql`
    select jti, kind, order_id from redemptions where jti = any(${jtis}::text[])`;
  const found = z
    .array(z.object({ jti: z.string(), kind: z.string(), order_id: z.string().nullable() }))
    .parse([...rows]);
  const lapsed = new Set(found.filter((row) => row.kind === 'lapsed').map((row) => row.jti));
  const orderIds = found.flatMap((row) => (row.order_id === null ? [] : [row.order_id]));
  const orders = orderIds.length === 0 ? [] : await readOrders(sql, orderIds);
  return [
    ...tokens.filter((token) => lapsed.has(token.jti)).map(lapsedReport),
    ...orders.flatMap(orderReports),
  ];
}

function lapsedReport(token: DueToken): SettleReport {
  return {
    kind: 'lapsed',
    seq: 0,
    jti: token.jti,
    visitor: token.visitor,
    number: token.number,
    max: token.promise,
    taken: 0,
    returned: 0,
    payBefore: 0,
  };
}

/** A token that turned out to be an order: its report was lost, or has not come yet. */
export function orderReports(order: StoredOrder): SettleReport[] {
  const taken = unitsTaken(order);
  const { jti, visitor, place: number, max } = order;
  const payBefore = order.payBeforeMs;
  const base = { seq: 0, jti, visitor, number, max, taken, payBefore };
  const spent: SettleReport = { ...base, kind: 'spent', returned: 0 };
  if (!isFinal(order.state)) return [spent];
  return [spent, { ...base, kind: 'ended', returned: order.state === 'paid' ? 0 : taken }];
}

async function outboxByTopic(sql: Sql) {
  const rows = await sql`
    select t.topic, count(o.id)::int as rows,
      coalesce(extract(epoch from now() - min(o.created_at)), 0)::float8 as "ageSeconds"
    from unnest(array['room', 'job', 'refund', 'payment', 'refused']) as t(topic)
    left join outbox o on o.topic = t.topic
    group by t.topic`;
  const schema = z.object({ topic: z.string(), rows: z.number(), ageSeconds: z.number() });
  return z.array(schema).parse([...rows]);
}

/** The version first, then in a later snapshot the counts: a higher one never knows less. */
async function countStock(sql: Sql, saleId: string) {
  const [next] = await sql`select nextval('stock_picture_version') as version`;
  return {
    version: z.object({ version: z.number() }).parse(next).version,
    counts: await countUnits(sql, saleId),
  };
}

/** Units of each of the sale's products by state. */
export async function countUnits(sql: Sql | Transaction, saleId: string): Promise<StockCount[]> {
  const rows = await sql`
    select sp.product_id,
      (select count(*)::int from units u
        where u.product_id = sp.product_id and u.state = 'free') as free,
      (select count(*)::int from units u
        where u.product_id = sp.product_id and u.state <> 'free' and u.state = 'held') as held,
      (select count(*)::int from units u
        where u.product_id = sp.product_id and u.state <> 'free' and u.state = 'sold') as sold
    from sale_products sp where sp.sale_id = ${saleId} order by sp.position`;
  return z
    .array(countSchema)
    .parse([...rows])
    .map(({ product_id: productId, ...rest }) => ({ productId, ...rest }));
}
