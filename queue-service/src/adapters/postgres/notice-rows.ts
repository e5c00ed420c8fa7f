import { isoTime } from '@fairgate/shared/clock.ts';
import { orderLines, orders, orderUnits, products, sales } from '@fairgate/shared/db/schema.ts';
import { saleAppearances } from '@fairgate/shared/db/schema-appearance.ts';
import { noticeOptouts, notices, outbox } from '@fairgate/shared/db/schema-records.ts';
import { and, between, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { NoticeRows } from '../../app/notice-ports.ts';
import type { OutboxRows } from '../../app/ports.ts';
import type { NoticeOrder } from '../../domain/notice.ts';
import type { Executor } from './executor.ts';

/** A claim that was given back is older than any other. */
const longAgo = new Date(0);

export function noticeRows(db: Executor): NoticeRows {
  return {
    order: (orderId) => noticeOrder(db, orderId),
    async register(awaited) {
      const rows = awaited.map(({ orderId, key, toldAt }) => {
        return { orderId, kind: key, toldAt: new Date(toldAt), createdAt: longAgo };
      });
      await db.insert(notices).values(rows).onConflictDoNothing();
    },
    async unsettled({ toldAfter, toldBefore, after, limit }) {
      const here = sql`(${notices.orderId}, ${notices.kind})`;
      const onward = after === null ? undefined : sql`${here} > (${after.orderId}, ${after.key})`;
      const rows = await db
        .select({ orderId: notices.orderId, key: notices.kind, toldAt: notices.toldAt })
        .from(notices)
        .where(
          and(
            isNull(notices.sentAt),
            between(notices.toldAt, new Date(toldAfter), new Date(toldBefore)),
            onward,
          ),
        )
        .orderBy(notices.orderId, notices.kind)
        .limit(limit);
      return rows.map(({ toldAt, ...name }) => ({ ...name, toldAt: toldAt?.getTime() ?? 0 }));
    },
    async claim(orderId, key, now, staleMs) {
      const createdAt = new Date(now);
      const staleAt = isoTime(now - staleMs);
      const claimed = await db
        .insert(notices)
        .values({ orderId, kind: key, createdAt })
        .onConflictDoUpdate({
          target: [notices.orderId, notices.kind],
          set: { createdAt },
          setWhere: sql`${notices.sentAt} is null and ${notices.createdAt} <= ${staleAt}`,
        })
        .returning({ orderId: notices.orderId });
      if (claimed.length > 0) return 'claimed';
      const [row] = await db.select().from(notices).where(the(orderId, key));
      return row?.sentAt ? 'sent' : 'under-way';
    },
    async settle(orderId, key, outcome, now) {
      await db
        .update(notices)
        .set({ sentAt: new Date(now), outcome })
        .where(and(the(orderId, key), isNull(notices.sentAt)));
    },
    async unsubscribedAt(saleId, recipient) {
      const who = and(eq(noticeOptouts.saleId, saleId), eq(noticeOptouts.recipient, recipient));
      const [row] = await db.select().from(noticeOptouts).where(who);
      return row?.createdAt.getTime() ?? null;
    },
    async unclaim(orderId, key, claimedAt) {
      const isOurs = eq(notices.createdAt, new Date(claimedAt));
      const open = and(the(orderId, key), isNull(notices.sentAt), isOurs);
      await db.update(notices).set({ createdAt: longAgo }).where(open);
    },
  };
}

export function outboxRows(db: Executor): OutboxRows {
  const job = { id: outbox.id, payload: outbox.payload, createdAt: outbox.createdAt };
  return {
    async takeJobs(limit) {
      const rows = await db
        .select(job)
        .from(outbox)
        .where(eq(outbox.topic, 'job'))
        .orderBy(outbox.id)
        .limit(limit)
        .for('update', { skipLocked: true });
      return rows.map(timed);
    },
    async keepRefunds(ids) {
      await db.update(outbox).set({ topic: 'refund' }).where(inArray(outbox.id, ids));
    },
    async refundsAfter(after, limit) {
      const rows = await db
        .select(job)
        .from(outbox)
        .where(and(eq(outbox.topic, 'refund'), gt(outbox.id, after)))
        .orderBy(outbox.id)
        .limit(limit);
      return rows.map(timed);
    },
    async drop(ids) {
      await db.delete(outbox).where(inArray(outbox.id, ids));
    },
    async setAside(ids) {
      await db.update(outbox).set({ topic: 'refused' }).where(inArray(outbox.id, ids));
    },
    async addRefunds(saleId, { actor, reason }) {
      const added = await db.execute(sql`
        insert into outbox (topic, sale_id, payload)
        select 'job', sale_id, jsonb_build_object('kind', 'refund', 'orderId', id,
          'actor', ${actor}::text, 'reason', ${reason}::text)
        from orders where sale_id = ${saleId} and state = 'paid' and not exists (
          select from outbox waiting where waiting.topic in ('job', 'refund')
            and waiting.payload ->> 'kind' = 'refund'
            and waiting.payload ->> 'orderId' = orders.id)`);
      return added.count;
    },
  };
}

function timed<Row extends { createdAt: Date }>({ createdAt, ...row }: Row) {
  return { ...row, createdAt: createdAt.getTime() };
}

function the(orderId: string, key: string) {
  return and(eq(notices.orderId, orderId), eq(notices.kind, key));
}

async function noticeOrder(db: Executor, orderId: string): Promise<NoticeOrder | null> {
  const [order] = await db
    .select({ order: orders, saleName: sales.name, appearance: saleAppearances.appearance })
    .from(orders)
    .innerJoin(sales, eq(sales.id, orders.saleId))
    .leftJoin(saleAppearances, eq(saleAppearances.saleId, orders.saleId))
    .where(eq(orders.id, orderId));
  if (!order) return null;
  const lines = await db
    .select({ line: orderLines, name: products.name })
    .from(orderLines)
    .innerJoin(products, eq(products.id, orderLines.productId))
    .where(eq(orderLines.orderId, orderId));
  const units = await db.select().from(orderUnits).where(eq(orderUnits.orderId, orderId));
  const { id, saleId, state, failure, email, language } = order.order;
  const { totalMinor, currency, payBefore } = order.order;
  return {
    id,
    saleId,
    saleName: order.saleName,
    state,
    failure,
    email,
    language,
    appearance: order.appearance,
    totalMinor,
    currency,
    payBefore: payBefore.getTime(),
    lines: lines.map(({ line, name }) => ({
      name,
      quantity: line.quantity,
      unitPriceMinor: line.unitPriceMinor,
      units: units.flatMap((unit) => (unit.productId === line.productId ? unit.unitId : [])),
    })),
  };
}
