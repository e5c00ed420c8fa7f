import type postgres from 'postgres';
import { z } from 'zod';
import type { DrawStore, StoredDraw } from '../draw/drawing.ts';
import { saleModes } from '../sale.ts';
import type { AuditReport } from './auditor.ts';
import type { ChainedLines, LogBlock, LogHead } from './blocks.ts';
import type { LogStore } from './drain.ts';
import type { FairnessFacts } from './fairness.ts';
import type { SpentPass } from './record.ts';

export type PostgresLog = LogStore &
  DrawStore & {
    /** The next few blocks after a line, in order; none where there are no more. */
    blocksAfter(saleId: string, seq: number): Promise<Pick<LogBlock, 'lastSeq' | 'body'>[]>;
    /** An older report never replaces a newer one. */
    saveAudit(saleId: string, report: AuditReport): Promise<void>;
    audit(saleId: string): Promise<AuditReport | null>;
    /** Null where there never was such a sale. */
    fairness(saleId: string): Promise<FairnessFacts | null>;
    /** Sales whose log may grow, the latest first: those closed for `closedSeconds` do not. */
    logged(closedSeconds: number): Promise<LoggedSale[]>;
    /** Started lotteries whose draw is not done `afterSeconds` later. */
    undrawn(afterSeconds: number): Promise<string[]>;
  };

export type LoggedSale = z.infer<typeof loggedSchema>;

/** Gives work a connection of the caller's pool, and keeps its deadline. */
export type RunSql = <T>(work: (sql: postgres.Sql) => Promise<T>) => Promise<T>;

type Queries = postgres.Sql | postgres.TransactionSql;

/** Blocks read at a time: 1 MB or so. */
const blocksMax = 8;
const salesMax = 1_000;

/** The log and the draws in Postgres, over postgres.js: by both services, each with its own pool. */
export function postgresLog(run: RunSql): PostgresLog {
  return {
    head: (saleId) => run((sql) => readHead(sql, saleId, false)),
    append: (saleId, before, lines) =>
      run(async (sql) => await sql.begin((tx) => append(tx, saleId, before, lines))),
    draw: (saleId) => run((sql) => readDraw(sql, saleId)),
    fixKey: (saleId, found) => run((sql) => fixKey(sql, saleId, found)),
    finish: (saleId) => run(async (sql) => void (await sql.begin((tx) => finish(tx, saleId)))),
    trouble: (saleId, why) =>
      run(async (sql) => {
        await sql`
          update draws set trouble = ${why}
          where sale_id = ${saleId} and key is null and trouble is distinct from ${why}`;
      }),
    blocksAfter: (saleId, seq) =>
      run(async (sql) => {
        const rows = await sql`
          select last_seq, body from log_blocks where sale_id = ${saleId} and first_seq > ${seq}
          order by first_seq limit ${blocksMax}`;
        return blockSchema.parse([...rows]);
      }),
    saveAudit: (saleId, report) =>
      run(async (sql) => {
        await sql`
          update log_heads set audit = ${JSON.stringify(report)}::text::jsonb
          where sale_id = ${saleId}
            and coalesce((audit ->> 'seq')::bigint, 0) < ${report.seq}::bigint`;
      }),
    audit: (saleId) =>
      run(async (sql) => {
        const [row] = await sql`select audit::text from log_heads where sale_id = ${saleId}`;
        return auditSchema.parse(row?.audit ?? null);
      }),
    fairness: (saleId) => run((sql) => readFairness(sql, saleId)),
    logged: (closedSeconds) =>
      run(async (sql) => {
        const rows = await sql`
          select id as "saleId", mode = 'lottery' as "isLottery", mode = 'lottery' and exists (
            select 1 from draws d where d.sale_id = sales.id and d.drawn_at is null) as "isUndrawn"
          from sales
          where deleted_at is null and (phase in ('scheduled', 'open', 'paused')
            or (phase = 'closed' and updated_at > now() - make_interval(secs => ${closedSeconds})))
          order by id desc limit ${salesMax}`;
        return z.array(loggedSchema).parse([...rows]);
      }),
    undrawn: (afterSeconds) =>
      run(async (sql) => {
        const rows = await sql`
          select s.id from draws d join sales s on s.id = d.sale_id
          where d.drawn_at is null and s.mode = 'lottery' and s.deleted_at is null
            and s.phase in ('scheduled', 'open', 'paused')
            and (s.starts_at < now() - make_interval(secs => ${afterSeconds})
              or (s.phase = 'open' and s.updated_at < now() - make_interval(secs => ${afterSeconds})))
          limit ${salesMax}`;
        return z
          .array(z.object({ id: z.string() }))
          .parse([...rows])
          .map(({ id }) => id);
      }),
  };
}

const loggedSchema = z.object({
  saleId: z.string(),
  isLottery: z.boolean(),
  isUndrawn: z.boolean(),
});
const jsonText = z.string().transform((text): unknown => JSON.parse(text));
const counts = z.record(z.string(), z.number());
const headSchema = z.object({
  seq: z.coerce.number(),
  head: z.string(),
  counts: jsonText.pipe(counts),
});
const blockSchema = z.array(
  z
    .object({ last_seq: z.coerce.number(), body: z.string() })
    .transform(({ last_seq, body }) => ({ lastSeq: last_seq, body })),
);
const laneSchema = z.object({ joined: z.number(), admitted: z.number(), inversions: z.number() });
const auditSchema = z.union([
  z.null(),
  jsonText.pipe(z.object({ seq: z.number(), lanes: z.record(z.string(), laneSchema) })),
]);
const whole = z.coerce.number().nullable();
const word = z.string().nullable();
const drawSchema = z.object({
  secret: z.string(),
  commitment: z.string(),
  randomnessUrl: z.string(),
  lobbySeq: z.union([z.null(), z.coerce.number()]),
  lobbyHead: word,
  entrants: z.union([z.null(), z.coerce.number()]),
  closedAt: whole,
  randomness: word,
  key: word,
  drawnAt: whole,
  trouble: word,
});

async function readHead(sql: Queries, saleId: string, lock: boolean): Promise<LogHead | null> {
  const [row] = await sql`
    select seq, head, counts::text from log_heads where sale_id = ${saleId}
    ${lock ? sql`for update` : sql``}`;
  return row === undefined ? null : headSchema.parse(row);
}

const append = async (
  tx: postgres.TransactionSql,
  saleId: string,
  before: LogHead,
  { blocks, after, lobby, spentPasses }: ChainedLines,
): Promise<'kept' | 'elsewhere'> => {
  // The first line of a log has no row to lock: the second of two inserts waits, and does nothing.
  await tx`
    insert into log_heads (sale_id, seq, head) values (${saleId}, 0, ${before.head})
    on conflict (sale_id) do nothing`;
  const now = await readHead(tx, saleId, true);
  if (now?.seq !== before.seq || now.head !== before.head) return 'elsewhere';
  for (const { firstSeq, lastSeq, head, body } of blocks) {
    await tx`
      insert into log_blocks (sale_id, first_seq, last_seq, head, body)
      values (${saleId}, ${firstSeq}, ${lastSeq}, ${head}, ${body})`;
  }
  await tx`
    update log_heads set seq = ${after.seq}, head = ${after.head},
      counts = ${JSON.stringify(after.counts)}::text::jsonb
    where sale_id = ${saleId}`;
  if (spentPasses.length > 0) await keepPasses(tx, saleId, spentPasses);
  if (lobby !== null) {
    await tx`
      update draws set lobby_seq = ${lobby.seq}, lobby_head = ${lobby.head},
        entrants = ${lobby.entrants}, closed_at = to_timestamp(${lobby.closedAt / 1_000}::float8)
      where sale_id = ${saleId} and lobby_head is null`;
  }
  return 'kept';
};

/** The room forgets a record once it is here, so that this is the one place that knows then. */
async function keepPasses(
  tx: postgres.TransactionSql,
  saleId: string,
  passes: readonly SpentPass[],
): Promise<void> {
  const rows = JSON.stringify(passes);
  await tx`
    insert into spent_passes (sale_id, pass_id, visitor, number, at)
    select ${saleId}, p."passId", p.visitor, p.number, to_timestamp(p.at::float8 / 1000)
    from json_to_recordset(${rows}::text::json)
      as p("passId" text, visitor text, number bigint, at bigint)
    on conflict (sale_id, pass_id) do nothing`;
}

const ms = (sql: Queries, column: string) =>
  sql`(extract(epoch from ${sql(column)}) * 1000)::float8`;

const drawColumns = (sql: Queries) => sql`
  d.secret, d.commitment, d.randomness_url as "randomnessUrl", d.lobby_seq as "lobbySeq",
  d.lobby_head as "lobbyHead", d.entrants, ${ms(sql, 'd.closed_at')} as "closedAt",
  d.randomness, d.key, ${ms(sql, 'd.drawn_at')} as "drawnAt", d.trouble`;

async function readDraw(sql: Queries, saleId: string): Promise<StoredDraw | null> {
  const [row] = await sql`select ${drawColumns(sql)} from draws d where d.sale_id = ${saleId}`;
  return row === undefined ? null : drawSchema.parse(row);
}

async function fixKey(
  sql: postgres.Sql,
  saleId: string,
  { randomness, key }: { randomness: string; key: string },
): Promise<StoredDraw> {
  await sql`
    update draws set randomness = ${randomness}, key = ${key}, trouble = null
    where sale_id = ${saleId} and key is null`;
  return drawSchema.parse(await readDraw(sql, saleId));
}

/** The sale has a new version, so that its room is told the secret, which is public now. */
async function finish(tx: postgres.TransactionSql, saleId: string): Promise<void> {
  const done = await tx`
    update draws set drawn_at = now() where sale_id = ${saleId} and drawn_at is null
    returning sale_id`;
  if (done.length === 0) return;
  await tx`update sales set version = version + 1 where id = ${saleId}`;
  await tx`
    insert into ledger (actor, action, sale_id) values ('system:draw', 'sale.drawn', ${saleId})`;
}

const saleSchema = z.object({
  mode: z.enum(saleModes),
  standing: z.enum(['draft', 'deleted', 'coming', 'started']),
});

async function readFairness(sql: Queries, saleId: string): Promise<FairnessFacts | null> {
  const [sale] = await sql`
    select mode, case when deleted_at is not null then 'deleted' when phase = 'draft' then 'draft'
      when phase in ('open', 'closed') or starts_at <= now() or exists (
        select 1 from ledger l where l.sale_id = sales.id and l.action = 'sale.opened')
      then 'started' else 'coming' end as standing
    from sales where id = ${saleId}`;
  if (sale === undefined) return null;
  const [audit] = await sql`select audit::text from log_heads where sale_id = ${saleId}`;
  return {
    saleId,
    ...saleSchema.parse(sale),
    head: await readHead(sql, saleId, false),
    audit: auditSchema.parse(audit?.audit ?? null),
    draw: await readDraw(sql, saleId),
  };
}
