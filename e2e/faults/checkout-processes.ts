import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import type { PurchaseSigner } from '@fairgate/shared/token/purchase.ts';
import postgres, { type Sql } from 'postgres';
import { freePort } from '../../scripts/free-port.ts';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';
import { type CheckoutClient, checkoutClient } from '../support/checkout-client.ts';
import { freshDatabaseUrl, startOwnRedis } from '../support/stores.ts';
import { type NodeProcess, nodeProcess } from './node-process.ts';
import { makeSigner, type TestToken, type TokenWish, testToken } from './sale.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A checkout process; every way that leads from it and to it is its own, and may be faulty. */
export type CheckoutProcess = NodeProcess & {
  name: string;
  /** A shopper's client, by the way `http`; webhooks come that way too. */
  shopper: CheckoutClient;
  ways: Record<'http' | 'postgres' | 'redis' | 'sandbox', TcpProxy>;
};

/** Checkouts side by side over one database, one Redis and one payment provider. */
export type Checkouts = {
  all: CheckoutProcess[];
  first: CheckoutProcess;
  second: CheckoutProcess;
  sandbox: NodeProcess;
  /** Straight to Postgres, by no proxy. */
  sql: Sql;
  redisUrl: string;
  secrets: CheckoutSecrets;
  token(saleId: string, wish?: TokenWish): Promise<TestToken>;
  /** Switches every way to well again, and starts who was killed. */
  mend(): Promise<void>;
  stop(): Promise<void>;
};

export type CheckoutSecrets = Record<'orderKey' | 'webhook' | 'internal' | 'notice', string>;

export type CheckoutsWish = {
  /** Its own, unless named; a URL of one's own is not dropped. */
  databaseUrl?: string;
  redisPassword?: string;
  logLevel?: string;
  settings?: Record<string, string>;
};

/** Starts two checkouts and a sandbox. Whoever starts them stops them. */
export async function startCheckouts(wish: CheckoutsWish = {}): Promise<Checkouts> {
  const ends: (() => Promise<unknown>)[] = [];
  const onEnd = (end: () => Promise<unknown>) => void ends.unshift(end);
  const databaseUrl = wish.databaseUrl ?? (await freshDatabaseUrl(onEnd));
  const redis = await startOwnRedis(wish.redisPassword);
  onEnd(redis.stop);
  await migrateDatabase(databaseUrl);
  const sql = postgres(databaseUrl, { max: 3, onnotice: () => {} });
  onEnd(() => sql.end({ timeout: 1 }));
  const { signer, jwks } = await makeSigner();
  const secrets = { orderKey: secret(), webhook: secret(), internal: secret(), notice: secret() };
  const sandboxPort = await freePort();
  const settings = commonSettings(wish, secrets, jwks);
  const target = { databaseUrl, redisUrl: redis.url, sandboxPort };
  const first = await makeCheckout('checkout-1', target, settings, onEnd);
  const second = await makeCheckout('checkout-2', target, settings, onEnd);
  const all = [first, second];
  const sandbox = sandboxProcess(sandboxPort, all, secrets, wish.logLevel);
  onEnd(sandbox.stop);
  await Promise.all([...all, sandbox].map((process) => process.start()));
  return {
    all,
    first,
    second,
    sandbox,
    sql,
    redisUrl: redis.url,
    secrets,
    ...conveniences(signer, all),
    async stop() {
      for (const one of all) keepLog(one);
      for (const end of ends) await end();
    },
  };
}

/** The log of the last that ran stays, for whoever looks into a failure. */
function keepLog({ name, log }: CheckoutProcess): void {
  const folder = join(repositoryFolder, '.local', 'fault-logs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.log`), log());
}

function conveniences(signer: PurchaseSigner, all: CheckoutProcess[]) {
  return {
    token: (saleId: string, wish?: TokenWish) => testToken(signer, saleId, wish),
    async mend() {
      for (const way of all.flatMap(({ ways }) => Object.values(ways))) way.mend();
      await Promise.all(all.filter((one) => !one.alive()).map((one) => one.start()));
    },
  };
}

type Target = { databaseUrl: string; redisUrl: string; sandboxPort: number };

async function makeCheckout(
  name: string,
  target: Target,
  settings: Record<string, string>,
  onEnd: (end: () => Promise<unknown>) => void,
): Promise<CheckoutProcess> {
  const port = await freePort();
  const ways = {
    http: await startTcpProxy(port),
    postgres: await startTcpProxy(Number(new URL(target.databaseUrl).port)),
    redis: await startTcpProxy(Number(new URL(target.redisUrl).port)),
    sandbox: await startTcpProxy(target.sandboxPort),
  };
  for (const way of Object.values(ways)) onEnd(way.stop);
  const redisUrl = ways.redis.through(target.redisUrl);
  const process = nodeProcess({
    script: 'checkout-service/src/main.ts',
    port,
    readyPath: '/readyz',
    settings: {
      ...settings,
      FAIRGATE_INSTANCE: name,
      FAIRGATE_DATABASE_URL: ways.postgres.through(target.databaseUrl),
      FAIRGATE_ROOM_REDIS_URL: redisUrl,
      FAIRGATE_JOBS_REDIS_URL: redisUrl,
      FAIRGATE_SANDBOX_URL: `http://127.0.0.1:${ways.sandbox.port}`,
    },
  });
  onEnd(process.kill);
  return { ...process, name, ways, shopper: checkoutClient(`http://127.0.0.1:${ways.http.port}`) };
}

function commonSettings(wish: CheckoutsWish, secrets: CheckoutSecrets, jwks: string) {
  return {
    FAIRGATE_LOG_LEVEL: wish.logLevel ?? 'info',
    FAIRGATE_PUBLIC_ORIGINS: publicOrigin,
    FAIRGATE_PURCHASE_JWKS: jwks,
    FAIRGATE_ORDER_KEY_SECRET: secrets.orderKey,
    FAIRGATE_NOTICE_KEYS: oneHmacKey(secrets.notice),
    FAIRGATE_SANDBOX_WEBHOOK_SECRET: secrets.webhook,
    FAIRGATE_INTERNAL_KEY: secrets.internal,
    ...wish.settings,
  };
}

/** A set of the key `k`, 32 bytes or more as base64url. */
export function oneHmacKey(k: string): string {
  return JSON.stringify({ keys: [{ kid: 'test', k }] });
}

export const publicOrigin = 'http://127.0.0.1:8787';

function sandboxProcess(
  port: number,
  checkouts: readonly CheckoutProcess[],
  secrets: CheckoutSecrets,
  logLevel = 'info',
): NodeProcess {
  const hooks = checkouts.map(({ ways }) => `http://127.0.0.1:${ways.http.port}/webhooks/sandbox`);
  return nodeProcess({
    script: 'checkout-service/src/sandbox/main.ts',
    port,
    readyPath: '/healthz',
    settings: {
      FAIRGATE_LOG_LEVEL: logLevel,
      FAIRGATE_SANDBOX_WEBHOOK_URLS: hooks.join(','),
      FAIRGATE_SANDBOX_WEBHOOK_SECRET: secrets.webhook,
    },
  });
}

const secret = () => randomBytes(32).toString('base64url');
