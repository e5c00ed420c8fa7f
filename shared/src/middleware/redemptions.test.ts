import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../../e2e/support/stores.ts';
import type { PurchaseClaims } from '../token/purchase.ts';
import { type Redemptions, redeemOnce, type SpendAnswer } from './redemptions.ts';
import { redemptionsInMemoryForTests } from './redemptions-in-memory.ts';
import { postgresRedemptions, spentTokensTable } from './redemptions-postgres.ts';
import { redisRedemptions } from './redemptions-redis.ts';

let redis: Redis;
let sql: postgres.Sql;
beforeAll(async () => {
  redis = new Redis(await freshRedisUrl(afterAll));
  sql = postgres(await freshDatabaseUrl(afterAll), { max: 10, onnotice: () => {} });
  await sql.unsafe(spentTokensTable);
});
afterAll(async () => {
  redis.disconnect();
  await sql.end();
});

const stores: [string, () => Redemptions][] = [
  ['Postgres', () => postgresRedemptions((text, values) => sql.unsafe(text, values))],
  ['Redis', () => redisRedemptions((command, ...parts) => redis.call(command, ...parts))],
  ['memory', redemptionsInMemoryForTests],
];

describe.each(stores)('tokens that are spent in %s', (_, storeOf) => {
  const start = () => {
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const jti = crypto.randomUUID();
    const claims: PurchaseClaims = {
      sub: 'v',
      jti,
      sale: 's',
      number: 1,
      max: 1,
      iat: 0,
      nbf: 0,
      exp,
    };
    const redemptions = storeOf();
    const work = vi.fn(async (): Promise<SpendAnswer> => ({ status: 201, body: { order: jti } }));
    const buy = (idempotencyKey: string | null = null, body = '{}', job = work, leaseMs?: number) =>
      redeemOnce({ redemptions, claims, idempotencyKey, body, leaseMs }, job);
    return { jti, work, buy };
  };
  const slugOf = async (answer: Response) =>
    /"urn:fairgate:problem:([\w-]+)"/.exec(await answer.text())?.[1];

  it('buy once, however many ask at a time', async () => {
    const { work, buy } = start();
    const answers = await Promise.all(Array.from({ length: 20 }, () => buy()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    expect(work).toHaveBeenCalledTimes(1);
    expect(await slugOf(await buy())).toBe('token-already-redeemed');
  });

  it('give the same answer to the same key and body, and refuse another body or key', async () => {
    const { jti, work, buy } = start();
    const first = await buy('key', '{"a":1}');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const again = await buy('key', '{"a":1}');
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.json()).toEqual({ order: jti });
    const other = await buy('key', '{"a":2}');
    expect(other.status).toBe(422);
    expect(await slugOf(other)).toBe('idempotency-key-reused');
    expect((await buy('another', '{"a":1}')).status).toBe(409);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('tell the same key to ask again while the first request is under way', async () => {
    const { buy } = start();
    let finish = () => {};
    const slow = vi.fn(async (): Promise<SpendAnswer> => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 201, body: {} };
    });
    const first = buy('key', '{}', slow);
    await vi.waitFor(() => expect(slow).toHaveBeenCalled());
    const second = await buy('key');
    expect(second.status).toBe(409);
    expect(second.headers.get('retry-after')).toBe('1');
    expect(await slugOf(second)).toBe('conflict');
    finish();
    expect((await first).status).toBe(201);
    expect((await buy('key')).headers.get('idempotent-replayed')).toBe('true');
  });

  it('are given back where nothing was left, and another key buys then', async () => {
    const { work, buy } = start();
    const soldOut = vi.fn(async () => ({ status: 409, body: { left: 0 }, spent: false }));
    expect((await buy('a', '{}', soldOut)).status).toBe(409);
    expect((await buy('b')).status).toBe(201);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('stay spent where the work failed or its process died: the same key does it again, no other', async () => {
    const { work, buy } = start();
    const broken = vi.fn(async (): Promise<SpendAnswer> => {
      throw new Error('the shop’s database is away');
    });
    await expect(buy('key', '{}', broken)).rejects.toThrow('away');
    expect((await buy('other')).status).toBe(409);
    const dead = vi.fn(() => new Promise<SpendAnswer>(() => {}));
    void buy('key', '{}', dead, 200);
    await vi.waitFor(() => expect(dead).toHaveBeenCalled());
    expect((await buy('key')).status).toBe(409);
    await vi.waitFor(async () => expect((await buy('key')).status).toBe(201), 5_000);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('refuse a key that is none before anything is spent', async () => {
    const { buy } = start();
    expect(await slugOf(await buy('ü'))).toBe('invalid-request');
    expect((await buy('u')).status).toBe(201);
  });
});

describe('spending in the transaction of one’s order', () => {
  it('is undone with it, and whoever waited for it has the token then', async () => {
    const jti = crypto.randomUUID();
    const attempt = { idempotencyKey: null, digest: 'd' };
    const pool = postgresRedemptions((text, values) => sql.unsafe(text, values));
    let waiting: Promise<unknown> = Promise.resolve();
    const rolledBack = sql.begin(async (tx) => {
      const inside = postgresRedemptions((text, values) => tx.unsafe(text, values));
      expect(await inside.spend(jti, attempt, 60_000)).toBeNull();
      waiting = pool.spend(jti, attempt, 60_000);
      throw new Error('no order');
    });
    await expect(rolledBack).rejects.toThrow('no order');
    expect(await waiting).toBeNull();
    expect(await pool.spend(jti, attempt, 60_000)).toEqual({ ...attempt, answer: null });
  });
});
