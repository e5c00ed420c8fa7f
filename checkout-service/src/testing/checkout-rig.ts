import { randomBytes } from 'node:crypto';
import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { parseNoticeKeys } from '@fairgate/shared/notices/unsubscribing.ts';
import { oneServer } from '@fairgate/shared/redis/place.ts';
import { type RoomSettingsPatch, roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import type { PublicJwks } from '@fairgate/shared/token/jwks.ts';
import {
  type PurchaseClaims,
  type PurchaseSigner,
  signPurchaseToken,
} from '@fairgate/shared/token/purchase.ts';
import { exportJWK, generateKeyPair } from 'jose';
import postgres from 'postgres';
import type { Log } from '../app/log.ts';
import type { PaymentProvider } from '../app/provider-ports.ts';
import { balancerHeader } from '../http/balancer.ts';
import { makeService, type Service } from '../index.ts';

/** For tests: checkout instances over one database, a sale, and tokens for it. */
export type Rig = {
  sql: postgres.Sql;
  saleId: string;
  products: string[];
  signer: PurchaseSigner;
  services: Service[];
  token(claims?: Partial<PurchaseClaims>): Promise<string>;
  redeem(token: string, options?: RedeemOptions): Promise<Answer>;
  /** Any request to one of the instances. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** What the instances logged as warnings and errors. */
  faults: { message: string; code: string | undefined }[];
  /** Free, held and sold units by product. */
  stock(): Promise<Record<string, { free: number; held: number; sold: number }>>;
  close(): Promise<void>;
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers as a client would
export type Answer = { status: number; body: any; headers: Headers };
export type CallOptions = {
  instance?: number;
  key?: string;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
};
export type RedeemOptions = {
  instance?: number;
  key?: string;
  items?: { productId: string; quantity: number }[];
  email?: string;
  /** Sent with the scheme DPoP, and this proof. */
  proof?: string;
  balancerRequest?: string;
};

export type RigOptions = {
  databaseUrl: string;
  redisUrl?: string;
  jobsRedisUrl?: string;
  jwksUrl?: string;
  /** Units of each product of the sale. */
  units: number[];
  instances?: number;
  paySeconds?: number;
  /** Further settings of the sale's room. */
  room?: RoomSettingsPatch;
  providers?: PaymentProvider[];
  loops?: boolean;
  log?: Log;
  /** Where shoppers see it; `testOrigin` where it is not served. */
  origin?: string;
  stripePublishableKey?: string;
};

export const testOrigin = 'http://127.0.0.1:8787';

function faultLog(faults: Rig['faults']): Log {
  const note = (fields: object, message: string) => {
    const error = 'err' in fields ? fields.err : undefined;
    const code = error instanceof Error && 'code' in error ? `${error.code}` : undefined;
    faults.push({ message, code });
  };
  return { info() {}, warn: note, error: note };
}

export async function makeRig(options: RigOptions): Promise<Rig> {
  await migrateDatabase(options.databaseUrl);
  const sql = postgres(options.databaseUrl, { max: 3, onnotice: () => {} });
  const { signer, jwks } = await makeSigner();
  const { saleId, products } = await seedSale(sql, options.units, {
    paySeconds: options.paySeconds ?? 300,
    ...options.room,
  });
  const faults: Rig['faults'] = [];
  const services = Array.from({ length: options.instances ?? 1 }, (_, i) =>
    makeService({
      instance: `test-${i + 1}`,
      databaseUrl: options.databaseUrl,
      roomRedis: oneServer(options.redisUrl ?? 'redis://127.0.0.1:1'),
      publicOrigins: [options.origin ?? testOrigin],
      purchaseJwks: jwks,
      jwksUrl: options.jwksUrl,
      orderKeySecret: rigSecret,
      noticeKeys: rigNoticeKeys,
      jobsRedisUrl: options.jobsRedisUrl,
      internalKey: rigInternalKey,
      providers: options.providers ?? [],
      stripePublishableKey: options.stripePublishableKey,
      log: options.log ?? faultLog(faults),
    }),
  );
  if (options.loops) for (const service of services) service.startLoops();
  const call = (method: string, path: string, given: CallOptions = {}) =>
    callService(pick(services, given.instance ?? 0), method, path, given);
  let number = 0;
  return {
    sql,
    saleId,
    products,
    faults,
    signer,
    services,
    token(claims = {}) {
      number += 1;
      const now = Math.floor(Date.now() / 1_000);
      return signPurchaseToken(signer, {
        sub: `visitor-${number}`,
        jti: randomBytes(16).toString('base64url'),
        sale: saleId,
        number,
        max: 1,
        iat: now,
        nbf: now,
        exp: now + 120,
        ...claims,
      });
    },
    call,
    async redeem(token, given = {}) {
      const items = given.items ?? [{ productId: products[0] ?? '', quantity: 1 }];
      return await call('POST', '/v1/redemptions', {
        instance: given.instance ?? 0,
        ...(given.proof === undefined ? { key: token } : {}),
        json: { items, ...(given.email ? { email: given.email } : {}) },
        headers: {
          ...(given.key === undefined ? {} : { 'idempotency-key': given.key }),
          ...(given.balancerRequest ? { [balancerHeader]: given.balancerRequest } : {}),
          ...(given.proof === undefined
            ? {}
            : { authorization: `DPoP ${token}`, dpop: given.proof }),
        },
      });
    },
    stock: () => readStock(sql, products),
    async close() {
      for (const service of services) service.stopping();
      await Promise.all(services.map((service) => service.close()));
      await sql.end({ timeout: 1 });
    },
  };
}

export const rigInternalKey = 'the-internal-key-of-the-tests-0123456789';

/** What links in mails are signed with. */
export const rigNoticeKeys = parseNoticeKeys(
  JSON.stringify({ keys: [{ kid: 'rig', k: Buffer.alloc(32, 9).toString('base64url') }] }),
);

/** The same for every instance, as in production. */
const rigSecret = 'the-order-key-secret-of-the-tests-0123456789';

function pick<T>(list: readonly T[], at: number): T {
  const found = list[at % list.length];
  if (found === undefined) throw new Error('the list is empty');
  return found;
}

async function makeSigner(): Promise<{ signer: PurchaseSigner; jwks: PublicJwks }> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA', use: 'sig' };
  return { signer: { kid: 'test', key: privateKey }, jwks: { keys: [jwk] } };
}

/** An open sale; unit ids are dealt to shards in turn. */
async function seedSale(sql: postgres.Sql, units: readonly number[], settings: RoomSettingsPatch) {
  const saleId = newId('sale');
  const room = JSON.stringify({ ...roomSettingsDefaults, ...settings });
  await sql`
    insert into sales (id, name, phase, currency, starts_at, room)
    values (${saleId}, 'Test sale', 'open', 'EUR', now(), ${room}::text::jsonb)`;
  const products: string[] = [];
  for (const [i, count] of units.entries()) {
    const productId = newId('prod');
    products.push(productId);
    await sql`
      insert into products (id, name, price_minor, currency)
      values (${productId}, ${`Thing ${i + 1}`}, ${1_000 + i}, 'EUR')`;
    await sql`
      insert into sale_products (sale_id, product_id, position) values (${saleId}, ${productId}, ${i})`;
    await sql`
      insert into units (id, product_id, shard)
      select ${`unit_${productId.slice(5, 20)}`} || lpad(n::text, 11, '0'), ${productId}, n % 16
      from generate_series(1, ${count}::int) as n`;
  }
  return { saleId, products };
}

async function callService(
  service: Service,
  method: string,
  path: string,
  options: CallOptions,
): Promise<Answer> {
  const headers = new Headers(options.headers);
  if (options.key !== undefined) headers.set('authorization', `Bearer ${options.key}`);
  if (options.json !== undefined) headers.set('content-type', 'application/json');
  const body = options.json === undefined ? options.text : JSON.stringify(options.json);
  const request = new Request(`http://checkout.test${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const response = await service.fetch(request);
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return {
    status: response.status,
    body: isJson ? JSON.parse(text) : text,
    headers: response.headers,
  };
}

async function readStock(sql: postgres.Sql, products: readonly string[]) {
  const rows = await sql<{ id: string; free: number; held: number; sold: number }[]>`
    select product_id as id, count(*) filter (where state = 'free')::int as free,
      count(*) filter (where state = 'held')::int as held,
      count(*) filter (where state = 'sold')::int as sold
    from units where product_id = any(${[...products]}::text[]) group by product_id`;
  return Object.fromEntries(rows.map(({ id, ...counts }) => [id, counts]));
}

/** Opens a stream; `text` is what came of it until now. */
export async function readStream(service: Service, path: string, key: string) {
  const headers = { authorization: `Bearer ${key}` };
  const request = new Request(`http://checkout.test${path}`, { headers });
  const response = await service.fetch(request);
  let text = '';
  const into = new WritableStream<string>({
    write(part) {
      text += part;
    },
  });
  const ended = response.body?.pipeThrough(new TextDecoderStream()).pipeTo(into);
  return { response, text: () => text, ended };
}

/** Waits for a condition, never for a time. */
export async function eventually<T>(
  look: () => Promise<T | false | null | undefined>,
  secondsMax = 10,
): Promise<T> {
  const until = Date.now() + secondsMax * 1_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`nothing came of it within ${secondsMax} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
