import { buyerKinds } from '@fairgate/shared/order.ts';
import { z } from 'zod';
import type { Claim, ClaimReply, ClaimRow, ClaimStore } from '../../app/ports.ts';
import type { StoredOrder } from '../../domain/order-view.ts';
import { unitsAsked } from '../../domain/redemption.ts';
import { faultKind, type Pool, type Sql } from './pool.ts';
import { sqlFile } from './sql-file.ts';
import { findStored, findWritten, isRevoked, useProof } from './stored-redemptions.ts';

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
  z.object({ order_id: z.string(), outcome: z.enum(['short', 'taken', 'revoked']) }),
]);

export type ClaimPools = {
  /** A connection for each lane of the batcher. */
  batches: Pool;
  /** One connection with a short `lock_timeout`. */
  waiting: Pool;
  /** For questions that lock nothing. */
  questions: Pool;
};

/** The session of a claiming connection: its one statement is planned once. */
export const claimSession = {
  plan_cache_mode: 'force_generic_plan',
} as const;

export function postgresClaims(pools: ClaimPools): ClaimStore {
  return {
    claim: (claims) => runClaim(pools.batches, firstPass, claims),
    claimWaiting: (claim) => runClaim(pools.waiting, secondPass, [claim]),
    findStored: (jtis) => pools.questions.run((sql) => findStored(sql, jtis)),
    findWritten: (token) => pools.questions.run((sql) => findWritten(sql, token)),
    isRevoked: (token) => pools.questions.run((sql) => isRevoked(sql, token)),
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
    } else if (row?.outcome === 'short' || row?.outcome === 'revoked') {
      replies.set(claim.orderId, { kind: row.outcome });
    } else {
      // No row of a claim: its token was spent before. `taken`: meanwhile.
      replies.set(claim.orderId, { kind: 'stored' });
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
    place: claim.place,
    max: claim.max,
    state: 'awaiting_payment',
    totalMinor: row.total_minor,
    currency: row.currency,
    email: claim.email,
    paidElsewhere: claim.paidElsewhere,
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
