import { sales } from '@fairgate/shared/db/schema.ts';
import { placeSubscriptions } from '@fairgate/shared/db/schema-places.ts';
import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import type { PlaceRows, Subscriber, TellingSale } from '../../app/place-ports.ts';
import type { Executor } from './executor.ts';
import { placeNoticeRows, visitorsSchema } from './place-notice-rows.ts';

const table = placeSubscriptions;
const subscriber = { visitor: table.visitor, number: table.number, lane: table.lane };
/** Sales that one statement reads. */
const salesMax = 1_000;
/** Rows that one statement drops. */
const forgetMax = 5_000;

export function placeRows(db: Executor): PlaceRows {
  const find = (where: SQL | undefined, limit: number): Promise<Subscriber[]> =>
    db.select(subscriber).from(table).where(where).orderBy(asc(table.score)).limit(limit);
  return {
    ...placeNoticeRows(db),
    async sales(closedSince) {
      const live = inArray(sales.phase, ['scheduled', 'open', 'paused']);
      const recent = and(eq(sales.phase, 'closed'), gt(sales.updatedAt, new Date(closedSince)));
      const hasSubscribers = sql<boolean>`exists (
        select from place_subscriptions p where p.sale_id = ${sales.id})`;
      const found: TellingSale[] = [];
      for (let page = salesMax; page === salesMax; ) {
        const last = found.at(-1);
        const onward = last === undefined ? undefined : gt(sales.id, last.id);
        const rows = await db
          .select({ id: sales.id, mode: sales.mode, hasSubscribers })
          .from(sales)
          .where(and(isNull(sales.deletedAt), or(live, recent), onward))
          .orderBy(asc(sales.id))
          .limit(salesMax);
        found.push(...rows);
        page = rows.length;
      }
      return found;
    },
    keep: (saleId, asks, now) => keep(db, saleId, asks, now),
    unranked: (saleId, limit) => find(and(eq(table.saleId, saleId), isNull(table.score)), limit),
    async rank(saleId, ranked) {
      if (ranked.length === 0) return;
      await db.execute(sql`
        update place_subscriptions p set number = r.number, lane = r.lane, score = r.score
        from ${recordset(ranked)} as r(visitor text, number bigint, lane text, score float8)
        where p.sale_id = ${saleId} and p.visitor = r.visitor`);
    },
    nearly: (saleId, lane, upToScore, limit) =>
      find(
        and(
          eq(table.saleId, saleId),
          eq(table.lane, lane),
          lte(table.score, upToScore),
          sql`soon_for is distinct from number`,
        ),
        limit,
      ),
    unsold: (saleId, limit) =>
      find(and(eq(table.saleId, saleId), sql`sold_out_for is distinct from number`), limit),
    async decide(kind, saleId, decided) {
      if (decided.length === 0) return;
      const column = sql.raw(kind === 'soon' ? 'soon_for' : 'sold_out_for');
      await db.execute(sql`
        update place_subscriptions p set ${column} = d.number
        from ${recordset(decided)} as d(visitor text, number bigint)
        where p.sale_id = ${saleId} and p.visitor = d.visitor and p.number = d.number`);
    },
    async among(saleId, visitors) {
      if (visitors.length === 0) return [];
      const isOne = sql`${table.visitor} in (
        select jsonb_array_elements_text(${JSON.stringify(visitors)}::text::jsonb))`;
      return await find(and(eq(table.saleId, saleId), isOne), visitors.length);
    },
    async dropPush({ saleId, visitor }, endpoint) {
      await db.execute(sql`
        update place_subscriptions set push = null
        where sale_id = ${saleId} and visitor = ${visitor} and push ->> 'endpoint' = ${endpoint}`);
    },
    async addressed(after, limit) {
      const { saleId, visitor, email, push } = table;
      const onward =
        after === null
          ? undefined
          : sql`(${saleId}, ${visitor}) > (${after.saleId}, ${after.visitor})`;
      return await db
        .select({ saleId, visitor })
        .from(table)
        .where(and(or(isNotNull(email), isNotNull(push)), onward))
        .orderBy(saleId, visitor)
        .limit(limit);
    },
    async dropAddresses(saleId, ended) {
      if (ended.length === 0) return;
      await db.execute(sql`
        update place_subscriptions p
        set email = null, push = case when e."dropsPush" then null else p.push end
        from ${recordset(ended)} as e(visitor text, number bigint, "dropsPush" boolean)
        where p.sale_id = ${saleId} and p.visitor = e.visitor and p.number <= e.number
          and (p.email is not null or e."dropsPush" and p.push is not null)`);
    },
    forget: (endedBefore) => forget(db, endedBefore),
  };
}

export function recordset(rows: readonly object[]): SQL {
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)`;
}

/**
 * The newest ask counts, whichever instance reads it, in whatever order. Who wants another way to be
 * told is looked at anew, and told nothing twice by the same way.
 */
async function keep(
  db: Executor,
  ...[saleId, asks, now]: Parameters<PlaceRows['keep']>
): Promise<string[]> {
  const rows = asks.map((ask) => {
    const { visitor, number, lane, askedAt, email, language, pushSubscription } = ask;
    const given = { email, language, push: pushSubscription };
    const isGiven = { setsEmail: email !== undefined, setsPush: pushSubscription !== undefined };
    return { visitor, number, lane, askedAt, ...given, ...isGiven };
  });
  const kept = await db.execute(sql`
    insert into place_subscriptions as p
      (sale_id, visitor, number, lane, score, email, language, push, asked_at, created_at)
    select ${saleId}, a.visitor, a.number, a.lane,
      case when s.mode = 'lottery' then null else a.number end,
      case when a."setsEmail" then a.email else k.email end,
      coalesce(a.language, k.language),
      case when a."setsPush" then nullif(a.push, 'null'::jsonb) else k.push end,
      a."askedAt", ${new Date(now).toISOString()}::timestamptz
    from ${recordset(rows)} as a(visitor text, number bigint, lane text, "askedAt" bigint,
      email text, language text, push jsonb, "setsEmail" boolean, "setsPush" boolean)
    join sales s on s.id = ${saleId}
    left join place_subscriptions k on k.sale_id = ${saleId} and k.visitor = a.visitor
    where k.visitor is not null or a.email is not null or a.push is not null
    order by a.visitor
    on conflict (sale_id, visitor) do update set
      number = excluded.number, lane = excluded.lane,
      score = case when p.number = excluded.number then p.score else excluded.score end,
      email = excluded.email, language = excluded.language, push = excluded.push,
      asked_at = excluded.asked_at,
      soon_for = case when p.email is not distinct from excluded.email
        and p.push is not distinct from excluded.push then p.soon_for end,
      sold_out_for = case when p.email is not distinct from excluded.email
        and p.push is not distinct from excluded.push then p.sold_out_for end
    where p.asked_at < excluded.asked_at
    returning p.visitor`);
  return visitorsSchema.parse([...kept]).map(({ visitor }) => visitor);
}

/** Of sales that were closed or deleted before, or that there never were. */
async function forget(db: Executor, endedBefore: number): Promise<number> {
  const before = new Date(endedBefore).toISOString();
  const isOver = sql`not exists (select from sales s where s.id = sale_id and case
    when s.deleted_at is not null then s.deleted_at >= ${before}::timestamptz
    when s.phase = 'closed' then s.updated_at >= ${before}::timestamptz else true end)`;
  let dropped = 0;
  for (const name of ['place_subscriptions', 'place_notices']) {
    const rows = sql.raw(name);
    const result = await db.execute(sql`
      delete from ${rows} where ctid in (
        select ctid from ${rows} where ${isOver} limit ${forgetMax})`);
    dropped += result.count;
  }
  return dropped;
}
