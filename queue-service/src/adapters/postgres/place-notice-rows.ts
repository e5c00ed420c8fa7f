import { sales } from '@fairgate/shared/db/schema.ts';
import { saleAppearances } from '@fairgate/shared/db/schema-appearance.ts';
import { placeNotices, placeSubscriptions } from '@fairgate/shared/db/schema-places.ts';
import { and, eq, isNull, lte, not, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { PlaceNoticeRef, PlaceRows, ToldOrder } from '../../app/place-ports.ts';
import { againKind, urgencies } from '../../domain/telling.ts';
import type { Executor } from './executor.ts';

type NoticePart = Pick<
  PlaceRows,
  'tell' | 'tellOrders' | 'due' | 'find' | 'claim' | 'settle' | 'putOff' | 'takeMail' | 'askAgain'
>;

export const visitorsSchema = z.array(z.object({ visitor: z.string() }));
/** As `urgencyOf` has it. */
const urgency = sql`case ${placeNotices.kind} when 'your-turn' then ${urgencies['your-turn']}::int
  when 'soon' then ${urgencies.soon}::int when 'sold-out' then ${urgencies['sold-out']}::int
  else ${urgencies.order}::int end`;

/** Any number that no other advisory lock of two numbers has. */
const mailLock = 7_301;

const iso = (ms: number) => new Date(ms).toISOString();

export function placeNoticeRows(db: Executor): NoticePart {
  return {
    tell: (...told) => tell(db, ...told),
    tellOrders: (orders) => tellOrders(db, orders),
    askAgain: (...given) => askAgain(db, ...given),
    takeMail: (...one) => takeMail(db, ...one),
    async due(by, now, { leaseMs, limit, upTo }) {
      const { saleId, visitor, number, kind, about, channel } = placeNotices;
      const { endedAt, dueAt, usefulUntil } = placeNotices;
      const found = db
        .select({ ctid: sql`ctid` })
        .from(placeNotices)
        .where(and(eq(channel, by), isNull(endedAt), lte(dueAt, new Date(now)), lte(urgency, upTo)))
        .orderBy(urgency, usefulUntil)
        .limit(limit)
        .for('update', { skipLocked: true });
      return await db
        .update(placeNotices)
        .set({ dueAt: new Date(now + leaseMs) })
        .where(sql`ctid in ${found}`)
        .returning({ saleId, visitor, number, notice: kind, about, channel });
    },
    async find(ref) {
      const { endedAt, usefulUntil, createdAt } = placeNotices;
      const { email, push, language } = placeSubscriptions;
      const [saleName, appearance] = [sales.name, saleAppearances.appearance];
      const own = and(
        eq(placeSubscriptions.saleId, placeNotices.saleId),
        eq(placeSubscriptions.visitor, placeNotices.visitor),
      );
      const [row] = await db
        .select({ endedAt, createdAt, usefulUntil, email, push, language, saleName, appearance })
        .from(placeNotices)
        .innerJoin(sales, eq(sales.id, placeNotices.saleId))
        .leftJoin(saleAppearances, eq(saleAppearances.saleId, placeNotices.saleId))
        .leftJoin(placeSubscriptions, own)
        .where(the(ref));
      if (row === undefined) return null;
      const { endedAt: ended, createdAt: made, usefulUntil: until, ...rest } = row;
      const times = { createdAt: made.getTime(), usefulUntil: until.getTime() };
      return { ...rest, ...times, isEnded: ended !== null };
    },
    async claim(ref, now, staleMs) {
      const { claimedAt, endedAt } = placeNotices;
      const isFree = or(isNull(claimedAt), lte(claimedAt, new Date(now - staleMs)));
      const claimed = await db
        .update(placeNotices)
        .set({ claimedAt: new Date(now) })
        .where(and(the(ref), isNull(endedAt), isFree))
        .returning({ visitor: placeNotices.visitor });
      if (claimed.length > 0) return 'claimed';
      const [row] = await db.select({ endedAt }).from(placeNotices).where(the(ref));
      return row?.endedAt === null ? 'under-way' : 'ended';
    },
    async settle(ref, claimedAt, outcome, now) {
      const isOurs = outcome === 'sent' ? undefined : claimedBy(claimedAt);
      await db
        .update(placeNotices)
        .set({ endedAt: new Date(now), outcome, claimedAt: null })
        .where(and(the(ref), isNull(placeNotices.endedAt), isOurs));
    },
    async putOff(ref, claimedAt, now, pauseMs) {
      const { tries, endedAt } = placeNotices;
      const [row] = await db.select({ tries }).from(placeNotices).where(the(ref));
      if (row === undefined) return;
      const made = row.tries + 1;
      await db
        .update(placeNotices)
        .set({ claimedAt: null, tries: made, dueAt: new Date(now + pauseMs(made)) })
        .where(and(the(ref), isNull(endedAt), claimedBy(claimedAt)));
    },
  };
}

/** A claim that was taken over has a later moment. */
const claimedBy = (claimedAt: number) => eq(placeNotices.claimedAt, new Date(claimedAt));

/** The visitors who had no such notice by any channel. */
async function tell(
  db: Executor,
  ...[kind, saleId, told, now]: Parameters<PlaceRows['tell']>
): Promise<string[]> {
  if (told.length === 0) return [];
  const rows = JSON.stringify(told.map((one) => ({ ...one, usefulUntil: iso(one.usefulUntil) })));
  const first = await db.execute(sql`
    with made as (
      insert into place_notices
        (sale_id, visitor, number, kind, channel, useful_until, due_at, created_at)
      select s.sale_id, s.visitor, t.number, ${kind}, c.channel, t."usefulUntil", ${iso(now)},
        ${iso(now)}
      from jsonb_to_recordset(${rows}::text::jsonb)
        as t(visitor text, number bigint, "usefulUntil" timestamptz)
      join place_subscriptions s on s.sale_id = ${saleId} and s.visitor = t.visitor
      cross join lateral (values ('mail', s.email is not null), ('push', s.push is not null))
        as c(channel, is_wanted)
      where c.is_wanted
      order by s.visitor
      on conflict do nothing
      returning visitor, number
    )
    -- What was made just now is not seen here.
    select distinct m.visitor from made m where not exists (
      select from place_notices p where p.sale_id = ${saleId} and p.visitor = m.visitor
        and p.number = m.number and p.kind = ${kind} and p.about = '')`);
  return visitorsSchema.parse([...first]).map(({ visitor }) => visitor);
}

async function tellOrders(db: Executor, orders: ToldOrder[]): Promise<void> {
  if (orders.length === 0) return;
  const rows = JSON.stringify(
    orders.map((one) => {
      return { ...one, toldAt: iso(one.toldAt), usefulUntil: iso(one.usefulUntil) };
    }),
  );
  await db.execute(sql`
      insert into place_notices
        (sale_id, visitor, number, kind, about, channel, useful_until, due_at, created_at)
      select s.sale_id, s.visitor, s.number, t.notice, t.about, 'push',
        case when t.notice = 'payment-failed' then o.pay_before else t."usefulUntil" end,
        t."toldAt", t."toldAt"
      from jsonb_to_recordset(${rows}::text::jsonb)
        as t("orderId" text, notice text, about text, "toldAt" timestamptz,
          "usefulUntil" timestamptz)
      join orders o on o.id = t."orderId"
      join place_subscriptions s on s.sale_id = o.sale_id and s.visitor = o.visitor
      -- The page of an order that was paid elsewhere opens for nobody.
      where s.push is not null and not o.paid_elsewhere
      order by s.visitor, t.about
      on conflict do nothing`);
}

async function askAgain(
  db: Executor,
  ...[saleId, given, now, usefulUntil]: Parameters<PlaceRows['askAgain']>
): Promise<void> {
  const rows = JSON.stringify(given.map((one) => ({ ...one, givenAt: iso(one.givenAt) })));
  // As `againAbout` has it.
  const about = sql`o.recipient || '.' || (extract(epoch from o.created_at) * 1000)::bigint`;
  // A row that ended, as the address was taken back say, is good for the next time that it is given.
  await db.execute(sql`
    insert into place_notices as p
      (sale_id, visitor, number, kind, about, channel, useful_until, due_at, created_at)
    select ${saleId}, g.visitor, g.number, ${againKind}, ${about}, 'mail',
      ${iso(usefulUntil)}, ${iso(now)}, ${iso(now)}
    from jsonb_to_recordset(${rows}::text::jsonb)
      as g(visitor text, number bigint, recipient text, "givenAt" timestamptz)
    join notice_optouts o on o.sale_id = ${saleId} and o.recipient = g.recipient
    where o.created_at < g."givenAt"
    order by g.visitor
    on conflict (sale_id, visitor, number, kind, about, channel) do update
      set useful_until = excluded.useful_until, due_at = excluded.due_at, tries = 0,
        recipient = null, ended_at = null, outcome = null
      where p.ended_at is not null and p.outcome <> 'sent'`);
}

/** One after the other by address: of those that are judged at once each sees what the others took. */
async function takeMail(
  db: Executor,
  ...[recipient, ref, mailsMax]: Parameters<PlaceRows['takeMail']>
): ReturnType<PlaceRows['takeMail']> {
  const { saleId, recipient: to, kind, about, endedAt, outcome } = placeNotices;
  return await db.transaction(async (tx) => {
    // A statement of its own: the next one sees what was committed while this one waited.
    await tx.execute(sql`select pg_advisory_xact_lock(${mailLock}::int, hashtext(${recipient}))`);
    const counts = or(isNull(endedAt), eq(outcome, 'sent'));
    const others = await tx
      .select({ kind, about, outcome })
      .from(placeNotices)
      .where(and(eq(saleId, ref.saleId), eq(to, recipient), counts, not(the(ref))));
    if (ref.notice === againKind) {
      const asking = others.filter((one) => one.kind === againKind && one.about === ref.about);
      if (asking.some((one) => one.outcome === 'sent')) return 'asked';
      if (asking.length > 0) return 'being-asked';
    }
    if (others.length >= mailsMax) return 'too-many';
    await tx.update(placeNotices).set({ recipient }).where(the(ref));
    return 'taken';
  });
}

function the({ saleId, visitor, number, notice, about, channel }: PlaceNoticeRef): SQL {
  const table = placeNotices;
  return sql`(${table.saleId} = ${saleId} and ${table.visitor} = ${visitor}
    and ${table.number} = ${number} and ${table.kind} = ${notice} and ${table.about} = ${about}
    and ${table.channel} = ${channel})`;
}
