import { proofLimits } from '@fairgate/shared/token/dpop.ts';
import { z } from 'zod';
import type { ProofUse, TokenFacts } from '../../app/ports.ts';
import type { StoredRedemption } from '../../domain/idempotency.ts';
import type { Sql, Transaction } from './pool.ts';

const storedSchema = z.object({
  jti: z.string(),
  kind: z.enum(['order', 'lapsed']),
  order_id: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  request_hash: z.string().nullable(),
  created_at: z.date(),
});

/** The rows of spent or lapsed tokens. */
export async function findStored(
  sql: Sql | Transaction,
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

/** A key that makes more than these within the life of a proof has had its answer often enough. */
const youngProofsMax = 200;
/** Well past the time in which a proof is taken: what is older is refused for its age. */
const proofsKeptSeconds = 2 * (proofLimits.ageSecondsMax + proofLimits.aheadSecondsMax);

/** `use` is a `proofUse`. */
export async function useProof(sql: Sql, jti: string, use: string): Promise<ProofUse> {
  const proof = use.slice(0, use.lastIndexOf('@') + 1);
  const young = sql`
    select p from unnest(proofs) as p
    where split_part(p, '.', 1)::bigint > extract(epoch from now()) - ${proofsKeptSeconds}`;
  const unused = sql`
    not ${proof}::text = any(
      array(select regexp_replace(p, '@[0-9a-f]*$', '@') from unnest(proofs) as p))`;
  const rows = await sql`
    update redemptions set proofs = array_append(array(${young}), ${use})
    where jti = ${jti} and ${unused} and cardinality(array(${young})) < ${youngProofsMax}
    returning true as first_use`;
  if (rows.length > 0) return 'fine';
  const [known] = await sql`
    select ${unused} as unused, ${use}::text = any(proofs) as again
    from redemptions where jti = ${jti}`;
  if (known?.unused) return 'too-many';
  return known?.again && use !== proof ? 'fine' : 'used';
}

/** Rolled back on purpose. */
class Unwritten extends Error {}

/**
 * Whoever inserts the row of a token meets another one that is being committed, and waits for it:
 * nothing else shows it. What was inserted to see that is rolled back.
 */
export async function findWritten(sql: Sql, token: TokenFacts): Promise<StoredRedemption | null> {
  const { jti, saleId, visitor, number, max } = token;
  try {
    return await sql.begin(async (tx) => {
      const mine = await tx`
        insert into redemptions (jti, sale_id, visitor, number, max, kind)
        values (${jti}, ${saleId}, ${visitor}, ${number}, ${max}, 'lapsed')
        on conflict (jti) do nothing returning true as inserted`;
      if (mine.length > 0) throw new Unwritten();
      return (await findStored(tx, [jti])).get(jti) ?? null;
    });
  } catch (error) {
    if (error instanceof Unwritten) return null;
    throw error;
  }
}

/** The same question as in claim.sql. */
export async function isRevoked(sql: Sql, token: TokenFacts): Promise<boolean> {
  const { saleId, visitor, place } = token;
  const rows = await sql`
    select from revocations v
    where v.sale_id = ${saleId}
      and ((v.visitor is not null and v.visitor = ${visitor} and ${place} <= v.number_to)
        or (v.visitor is null and ${place} between v.number_from and v.number_to))
    limit 1`;
  return rows.length > 0;
}
