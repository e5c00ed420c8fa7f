import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import { noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { startTestPostgres, startTestRedis } from '../../../scripts/test/stores.ts';
import { findRedis } from '../../../scripts/toolchain/redis.ts';

/** A database with a sale of one product. */
export type BenchSale = { databaseUrl: string; saleId: string; productId: string };

export type BenchStores = {
  redisUrl: string;
  makeSale(database: string, units: number): Promise<BenchSale>;
  /** Waits until the room has heard of everything, so that nothing runs on into the next round. */
  settled(sale: BenchSale): Promise<void>;
  stop(): Promise<void>;
};

/** A Postgres that syncs each commit, and a Redis, both empty. */
export async function startBenchStores(): Promise<BenchStores> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const redis = await startTestRedis(program, join(folder, 'redis'));
  const server = await startTestPostgres(join(folder, 'postgres'), undefined, true);
  return {
    redisUrl: redis.url,
    async makeSale(database, units) {
      await withSql(server.url, (sql) => sql.unsafe(`create database ${database}`));
      const url = new URL(server.url);
      url.pathname = `/${database}`;
      await migrateDatabase(url.href);
      const sale = await withSql(url.href, (sql) => seedSale(sql, units));
      await beginRoom(redis.url, sale.saleId, units);
      return { databaseUrl: url.href, ...sale };
    },
    settled: (sale) => withSql(sale.databaseUrl, outboxEmpty),
    async stop() {
      await Promise.all([redis.stop(), server.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function withSql<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return await work(sql).finally(() => sql.end());
}

async function seedSale(sql: postgres.Sql, units: number) {
  const saleId = newId('sale');
  const productId = newId('prod');
  const room = JSON.stringify(roomSettingsDefaults);
  await sql`
    insert into sales (id, name, phase, currency, starts_at, room)
    values (${saleId}, 'Benchmark', 'open', 'EUR', now(), ${room}::text::jsonb)`;
  await sql`
    insert into products (id, name, price_minor, currency)
    values (${productId}, 'Thing', 1000, 'EUR')`;
  await sql`
    insert into sale_products (sale_id, product_id, position) values (${saleId}, ${productId}, 0)`;
  await sql`
    insert into units (id, product_id, shard)
    select 'unit_' || lpad(n::text, 26, '0'), ${productId}, n % 16
    from generate_series(1, ${units}::int) as n`;
  await sql`analyze`;
  return { saleId, productId };
}

async function beginRoom(redisUrl: string, saleId: string, units: number): Promise<void> {
  const redis = new Redis(redisUrl);
  const now = Date.now();
  const { admitPerMinute, maxActive, tokenSeconds, abandonSeconds, lobbySeconds, message } =
    roomSettingsDefaults;
  const settings = { admitPerMinute, maxActive, tokenSeconds, abandonSeconds, lobbySeconds };
  const fields = { name: 'Benchmark', mode: 'fifo', phase: 'open', info: '{}', message } as const;
  const times = { startsAt: now - 1_000, endsAt: 0 };
  const limits = { units, maxUnitsPerShopper: 1, guaranteeStock: 1, placesPerAddress: 0 } as const;
  const lanes = { priorityShare: 0.5, revocations: '[]' };
  await redisRoom(redis, nodeScripts()).configure(
    saleId,
    1,
    { ...fields, ...times, ...settings, ...limits, ...lanes },
    { ...noBeginning, free: units },
  );
  redis.disconnect();
}

async function outboxEmpty(sql: postgres.Sql): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const rows = await sql`select from outbox where topic = 'room' limit 1`;
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the reports to the room were not relayed within a minute');
}
