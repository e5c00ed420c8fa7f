import { appearanceSchema } from '@fairgate/shared/appearance.ts';
import { z } from 'zod';
import type { EndReply, OrderStore, SaleOffer, SaleStore, SweepReply } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import { endOrder, endOrders, noteInLedger } from './order-changes.ts';
import { refundOrder } from './order-refund.ts';
import { nowOf, readOrder, readOrders } from './order-rows.ts';
import { faultKind, type Pool, type Sql, type Transaction } from './pool.ts';
import { reportExtended } from './room-reports.ts';

export type OrderStoreOptions = {
  orders: Pool;
  background: Pool;
  paymentGraceSeconds: number;
  /** Providers that can end a payment before it is paid. */
  withdrawable: readonly string[];
};

export function postgresOrders(options: OrderStoreOptions): OrderStore {
  const { orders: pool, background, withdrawable } = options;
  return {
    find: (orderId) => pool.run((sql) => readOrder(sql, orderId)),
    findMany: (orderIds) => pool.run((sql) => readOrders(sql, orderIds)),
    versions: (orderIds) => background.run((sql) => readVersions(sql, orderIds)),
    cancel: (orderId, actor) => pool.run((sql) => cancel(sql, orderId, actor, withdrawable)),
    extend: (orderId, actor, balancerRequest) =>
      pool.run((sql) => extend(sql, orderId, actor, balancerRequest)),
    payElsewhere: (orderId, actor) => pool.run((sql) => payElsewhere(sql, orderId, actor)),
    refund: (orderId, by) => pool.run((sql) => refundOrder(sql, orderId, by, withdrawable)),
    sweep: (limit, without, only) =>
      background.run((sql) => sweep(sql, { limit, without, only }, options)),
  };
}

async function readVersions(sql: Sql, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql`select id, version from orders where id = any(${[...ids]}::text[])`;
  const found = z.array(z.object({ id: z.string(), version: z.number() })).parse([...rows]);
  return new Map(found.map((row) => [row.id, row.version]));
}

async function cancel(
  sql: Sql,
  orderId: string,
  actor: string,
  withdrawable: readonly string[],
): Promise<EndReply | null> {
  return await sql.begin(async (tx): Promise<EndReply | null> => {
    await tx`select from orders where id = ${orderId} for update`;
    const before = await readOrder(tx, orderId);
    if (!before) return null;
    const paying = await tx`
      select from payments where order_id = ${orderId} and state = 'processing' limit 1`;
    if (transition(before.state, 'cancel').kind === 'refused' || paying.length > 0) {
      return { kind: 'refused', order: before };
    }
    await endOrder(tx, before, { change: 'cancel', actor, withdrawable });
    const order = await readOrder(tx, orderId);
    return order && { kind: 'ended', order };
  });
}

/** Who took the money stands for it: there is no payment of ours, and nothing to withdraw. */
async function payElsewhere(sql: Sql, orderId: string, actor: string): Promise<EndReply | null> {
  return await sql.begin(async (tx): Promise<EndReply | null> => {
    await tx`select from orders where id = ${orderId} for update`;
    const before = await readOrder(tx, orderId);
    if (!before) return null;
    if (!before.paidElsewhere || transition(before.state, 'pay').kind === 'refused') {
      return { kind: 'refused', order: before };
    }
    const detail = { paidElsewhere: 'yes' };
    await endOrder(tx, before, { change: 'pay', actor, detail, withdrawable: [] });
    const order = await readOrder(tx, orderId);
    return order && { kind: 'ended', order };
  });
}

async function extend(
  sql: Sql,
  orderId: string,
  actor: string,
  balancerRequest: string | null,
): Promise<EndReply | null> {
  return await sql.begin(async (tx): Promise<EndReply | null> => {
    const [again] = await tx`
      select extended_by = ${balancerRequest} as again from orders where id = ${orderId} for update`;
    const before = await readOrder(tx, orderId);
    if (!before) return null;
    if (again?.again === true) return { kind: 'ended', order: before };
    const over = before.payBeforeMs <= (await nowOf(tx));
    const refused = transition(before.state, 'extend').kind === 'refused';
    if (refused || over || before.extended) return { kind: 'refused', order: before };
    await tx`
      update orders o set extended = true, extended_by = ${balancerRequest}, version = o.version + 1,
        pay_before = o.pay_before
          + make_interval(secs => coalesce((s.room ->> 'paySeconds')::int, 300))
      from sales s where s.id = o.sale_id and o.id = ${orderId}`;
    await noteInLedger(tx, {
      actor,
      action: 'order.extended',
      saleId: before.saleId,
      orderId,
      detail: {},
    });
    await reportExtended(tx, orderId);
    const order = await readOrder(tx, orderId);
    return order && { kind: 'ended', order };
  });
}

type Sweep = { limit: number; without: readonly string[]; only: readonly string[] | undefined };

async function sweep(
  sql: Sql,
  wanted: Sweep,
  { paymentGraceSeconds, withdrawable }: OrderStoreOptions,
): Promise<SweepReply> {
  let orderIds: string[] = [];
  try {
    return await sql.begin(async (tx): Promise<SweepReply> => {
      orderIds = await lockDue(tx, wanted, paymentGraceSeconds);
      const actor = 'system:sweeper';
      const ended = await endOrders(tx, { orderIds, change: 'expire', actor, withdrawable });
      return { kind: 'ended', ended };
    });
  } catch (cause) {
    if (faultKind(cause) !== 'refused' || orderIds.length === 0) throw cause;
    return { kind: 'refused', orderIds, cause };
  }
}

/**
 * Two statements, so that the second sees what was committed before the locks were had: a payment
 * that began meanwhile keeps its hold, for `graceSeconds` at most. The state is named for the index
 * `orders_unpaid` alone: `endOrders` asks the table of transitions.
 */
async function lockDue(
  tx: Transaction,
  { limit, without, only }: Sweep,
  graceSeconds: number,
): Promise<string[]> {
  const idsOf = z.array(z.object({ id: z.string() }));
  const due = await tx`
    select id from orders o
    where state = 'awaiting_payment' and pay_before < now()
      and id <> all(${[...without]}::text[])
      and (${only === undefined} or id = any(${[...(only ?? [])]}::text[]))
      and (pay_before < now() - make_interval(secs => ${graceSeconds})
        or not exists (
          select from payments p where p.order_id = o.id and p.state = 'processing'))
    order by pay_before limit ${limit}
    for update of o skip locked`;
  const locked = idsOf.parse([...due]).map((row) => row.id);
  if (locked.length === 0) return [];
  const still = await tx`
    select id from orders o
    where id = any(${locked}::text[])
      and (pay_before < now() - make_interval(secs => ${graceSeconds})
        or not exists (
          select from payments p where p.order_id = o.id and p.state = 'processing'))`;
  return idsOf.parse([...still]).map((row) => row.id);
}

const offerSchema = z.object({
  id: z.string(),
  name: z.string(),
  currency: z.string(),
  max_units_per_shopper: z.number(),
  units_per_email: z.number().nullable(),
  is_deleted: z.boolean(),
  // What cannot be understood (a newer service wrote it) must not keep anybody from buying.
  appearance: appearanceSchema.nullable().catch(null),
  products: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        description: z.string(),
        priceMinor: z.number(),
        standing: z.enum(['offered', 'deleted', 'withdrawn']),
      }),
    )
    .nullable(),
});

/** Sales as redemptions and pages need them; drafts are not there. */
export function postgresSales(pool: Pool): SaleStore {
  return {
    findSale: (saleId) => pool.run((sql) => findSale(sql, saleId)),
    isOffered: (productId) => pool.run((sql) => isOffered(sql, productId)),
  };
}

async function isOffered(sql: Sql, productId: string): Promise<boolean> {
  const rows = await sql`
    select 1 from sale_products sp
    join sales s on s.id = sp.sale_id
    join products p on p.id = sp.product_id and p.deleted_at is null
    where sp.product_id = ${productId} and s.phase <> 'draft' limit 1`;
  return rows.length > 0;
}

async function findSale(sql: Sql, saleId: string): Promise<SaleOffer | null> {
  const rows = await sql`
    select s.id, s.name, s.currency, s.deleted_at is not null as is_deleted,
      coalesce((s.room ->> 'maxUnitsPerShopper')::int, 1) as max_units_per_shopper,
      (s.room ->> 'unitsPerEmail')::int as units_per_email,
      (select appearance from sale_appearances a where a.sale_id = s.id) as appearance, (
      select jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name,
        'description', p.description, 'priceMinor', p.price_minor,
        'standing', case when p.deleted_at is not null then 'deleted'
          when p.currency <> s.currency or exists (
            select from sale_products e
            where e.product_id = p.id and e.live and e.sale_id <> s.id) then 'withdrawn'
          else 'offered' end) order by sp.position)
      from sale_products sp join products p on p.id = sp.product_id
      where sp.sale_id = s.id
    ) as products
    from sales s where s.id = ${saleId} and s.phase <> 'draft'`;
  const row = z.array(offerSchema).parse([...rows])[0];
  if (!row) return null;
  const { id, name, currency } = row;
  return {
    id,
    name,
    currency,
    maxUnitsPerShopper: row.max_units_per_shopper,
    unitsPerEmail: row.units_per_email,
    isDeleted: row.is_deleted,
    appearance: row.appearance,
    products: row.products ?? [],
  };
}
