import { buyerKinds } from '@fairgate/shared/order.ts';
import { z } from 'zod';
import type { Claim, ClaimReply, ClaimRow, ClaimStore } from '../../app/ports.ts';
import type { StoredRedemption } from '../../domain/idempotency.ts';
import type { StoredOrder } from '../../domain/order-view.ts';
import { unitsAsked } from '../../domain/redemption.ts';
import { faultKind, type Pool, type Sql } from './pool.ts';
import { sqlFile } from './sql-file.ts';

const pickMark = '-- :picked\n';
const claimText = sqlFile('claim.sql');
const firstPass = claimText.replace(pickMark, sqlFile('claim-pick-free.sql'));
const secondPass = claimText.replace(pickMark, sqlFile('claim-pick-waiting.sql'));

const createdSchema = z.object({
  order_id: z.string(),
  outcome: z.literal('created'),
  total_minor: z.number(),
  currency: z.string(),
  pay_before: z.date(),
  created_at: z.date(),
  items: z.array(
    z.object({
      productId: z.string(),
      quantity: z.number(),
      unitPriceMinor: z.number(),
      units: z.array(z.string()),
    }),
  ),
});
const rowSchema = z.discriminatedUnion('outcome', [
  createdSchema,
  z.object({
    order_id: z.string(),
    outcome: z.literal('limited'),
    limited_by: z.enum(buyerKinds),
  }),
  z.object({ order_id: z.string(), outcome: z.enum(['short', 'taken']) }),
]);

const storedSchema = z.object({
  jti: z.string(),
  kind: z.enum(['order', 'lapsed']),
  order_id: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  request_hash: z.string().nullable(),
  created_at: z.date(),
});

export type ClaimPools = {
  /** A connection for each lane of the batcher. */
  batches: Pool;
  /** One connection with a short `lock_timeout`. */
  waiting: Pool;
  /** For questions that lock nothing. */
  questions: Pool;
};

/** The session of a claiming connection: the statement is planned once, and by its indexes. */
export const claimSession = {
  enable_seqscan: false,
  jit: false,
  plan_cache_mode: 'force_generic_plan',
} as const;

export function postgresClaims(pools: ClaimPools): ClaimStore {
  return {
    claim: (claims) => runClaim(pools.batches, firstPass, claims),
    claimWaiting: (claim) => runClaim(pools.waiting, secondPass, [claim]),
    findStored: (jtis) => pools.questions.run((sql) => findStored(sql, jtis)),
    unfillable: (claims) => pools.questions.run((sql) => unfillable(sql, claims)),
    useProof: (jti, proof) => pools.questions.run((sql) => useProof(sql, jti, proof)),
  };
}

async function runClaim(pool: Pool, text: string, claims: readonly Claim[]): Promise<ClaimReply> {
  const input = JSON.stringify(
    claims.map((claim, i) => ({ ...claim, position: i + 1, units: unitsAsked(claim.items) })),
  );
  try {
    const rows = await pool.run(async (sql) => await sql.unsafe(text, [input], { prepare: true }));
    return { kind: 'done', rows: claimRows(claims, z.array(rowSchema).parse([...rows])) };
  } catch (cause) {
    return { kind: faultKind(cause), cause };
  }
}

function claimRows(
  claims: readonly Claim[],
  rows: readonly z.infer<typeof rowSchema>[],
): Map<string, ClaimRow> {
  const byId = new Map(rows.map((row) => [row.order_id, row]));
  const replies = new Map<string, ClaimRow>();
  for (const claim of claims) {
    const row = byId.get(claim.orderId);
    if (row?.outcome === 'created') {
      replies.set(claim.orderId, { kind: 'created', order: placedOrder(claim, row) });
    } else if (row?.outcome === 'limited') {
      replies.set(claim.orderId, { kind: 'limited', by: row.limited_by });
    } else {
      replies.set(claim.orderId, { kind: row?.outcome === 'short' ? 'short' : 'stored' });
    }
  }
  return replies;
}

function placedOrder(claim: Claim, row: z.infer<typeof createdSchema>): StoredOrder {
  return {
    id: claim.orderId,
    saleId: claim.saleId,
    jti: claim.jti,
    visitor: claim.visitor,
    number: claim.number,
    max: claim.max,
    state: 'awaiting_payment',
    totalMinor: row.total_minor,
    currency: row.currency,
    email: claim.email,
    firstPayBeforeMs: row.pay_before.getTime(),
    payBeforeMs: row.pay_before.getTime(),
    extended: false,
    outageSeconds: 0,
    createdAtMs: row.created_at.getTime(),
    paidAtMs: null,
    failure: null,
    version: 1,
    lines: row.items.map((item) => ({
      ...item,
      units: item.units.map((id) => ({ id, live: true })),
    })),
  };
}

async function findStored(
  sql: Sql,
  jtis: readonly string[],
): Promise<Map<string, StoredRedemption>> {
  const rows = await sql`
    select jti, kind, order_id, idempotency_key, request_hash, created_at
    from redemptions where jti = any(${[...jtis]}::text[])`;
  const stored = z
    .array(storedSchema)
    .parse([...rows])
    .map((row) => ({
      jti: row.jti,
      kind: row.kind,
      orderId: row.order_id,
      idempotencyKey: row.idempotency_key,
      requestHash: row.request_hash,
      createdAtMs: row.created_at.getTime(),
    }));
  return new Map(stored.map((row) => [row.jti, row]));
}

/** Proofs are young, so those of long ago need not be kept. */
const proofsMax = 100;

async function useProof(sql: Sql, jti: string, proof: string): Promise<boolean> {
  const rows = await sql`
    update redemptions
    set proofs = (array_append(proofs, ${proof}))[greatest(1, cardinality(proofs) + 2 - ${proofsMax}):]
    where jti = ${jti} and not ${proof}::text = any(proofs)
    returning true as first_use`;
  return rows.length > 0;
}

/** Counts no further than the most that anyone wants of a product. */
async function unfillable(sql: Sql, claims: readonly Claim[]): Promise<Set<string>> {
  const wanted = new Map<string, number>();
  for (const item of claims.flatMap((claim) => claim.items)) {
    wanted.set(item.productId, Math.max(item.quantity, wanted.get(item.productId) ?? 0));
  }
  const rows = await sql`
    select w.product_id, (
      select count(*)::int from (
        select from units u where u.product_id = w.product_id and u.state = 'free' limit w.quantity
      ) free_units
    ) as free
    from unnest(${[...wanted.keys()]}::text[], ${[...wanted.values()]}::int[])
      as w(product_id, quantity)`;
  const counts = z.array(z.object({ product_id: z.string(), free: z.number() })).parse([...rows]);
  const free = new Map(counts.map((row) => [row.product_id, row.free]));
  return new Set(
    claims
      .filter((claim) =>
        claim.items.some((item) => (free.get(item.productId) ?? 0) < item.quantity),
      )
      .map((claim) => claim.orderId),
  );
}
