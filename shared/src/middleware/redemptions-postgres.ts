import { z } from 'zod';
import type { Redemptions } from './redemptions.ts';

/** Rows past `forget_at` are worth nothing: `delete from spent_tokens where forget_at < now()`. */
export const spentTokensTable = `
create table if not exists spent_tokens (
  jti text primary key,
  idempotency_key text,
  digest text not null,
  answer text,
  busy_until timestamptz,
  forget_at timestamptz not null
)`;

/**
 * Runs one statement with its parameters ($1, …) and gives its rows: `(text, values) =>
 * sql.unsafe(text, values)` with postgres.js, `(text, values) => pool.query(text, values).then(({ rows }) =>
 * rows)` with node-postgres. On the transaction that makes your order, spending and order are one.
 */
export type RunSql = (
  text: string,
  values: (string | number | null)[],
) => PromiseLike<readonly object[]>;

const spentSchema = z
  .object({
    idempotency_key: z.string().nullable(),
    digest: z.string(),
    answer: z.string().nullable(),
  })
  .transform(({ idempotency_key: idempotencyKey, ...rest }) => ({ idempotencyKey, ...rest }));

/** The primary key `jti` is what forbids a second redemption. Rejects as the driver does. */
export function postgresRedemptions(run: RunSql): Redemptions {
  const redemptions: Redemptions = {
    async spend(jti, attempt, keepMs) {
      const { idempotencyKey, digest } = attempt;
      // Waits for a transaction that is spending the same token.
      const made = await run(
        `insert into spent_tokens (jti, idempotency_key, digest, forget_at)
         values ($1, $2, $3, now() + $4::float8 * interval '1 ms')
         on conflict (jti) do nothing returning jti`,
        [jti, idempotencyKey, digest, keepMs],
      );
      if (made.length > 0) return null;
      const [row] = await run(
        'select idempotency_key, digest, answer from spent_tokens where jti = $1',
        [jti],
      );
      // Released between the two statements: it is to be had again.
      return row === undefined
        ? await redemptions.spend(jti, attempt, keepMs)
        : spentSchema.parse(row);
    },
    async takeUp(jti, leaseMs) {
      const taken = await run(
        `update spent_tokens set busy_until = now() + $2::float8 * interval '1 ms'
         where jti = $1 and answer is null and (busy_until is null or busy_until < now())
         returning jti`,
        [jti, leaseMs],
      );
      return taken.length > 0;
    },
    async putDown(jti) {
      await run('update spent_tokens set busy_until = null where jti = $1', [jti]);
    },
    async keep(jti, answer) {
      await run('update spent_tokens set answer = $2 where jti = $1', [jti, answer]);
    },
    async release(jti) {
      await run('delete from spent_tokens where jti = $1 and answer is null', [jti]);
    },
  };
  return redemptions;
}
