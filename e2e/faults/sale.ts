import { randomBytes } from 'node:crypto';
import { newId } from '@fairgate/shared/ids.ts';
import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { type PurchaseSigner, signPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { exportJWK, generateKeyPair } from 'jose';
import type { Sql } from 'postgres';

/** An open sale of one product, written straight to Postgres. */
export type FaultSale = { saleId: string; productId: string; units: number; priceMinor: number };

export type SaleWish = { units: number; paySeconds?: number };

export const shardCount = 16;

export async function seedSale(sql: Sql, wish: SaleWish): Promise<FaultSale> {
  const saleId = newId('sale');
  const productId = newId('prod');
  const priceMinor = 2_500;
  const room = JSON.stringify({ ...roomSettingsDefaults, paySeconds: wish.paySeconds ?? 600 });
  await sql.begin(async (tx) => {
    await tx`
      insert into sales (id, name, phase, currency, starts_at, room)
      values (${saleId}, 'Faults', 'open', 'EUR', now(), ${room}::text::jsonb)`;
    await tx`
      insert into products (id, name, price_minor, currency)
      values (${productId}, 'Thing', ${priceMinor}, 'EUR')`;
    await tx`
      insert into sale_products (sale_id, product_id, position) values (${saleId}, ${productId}, 0)`;
    await tx`
      insert into units (id, product_id, shard)
      select ${`unit_${productId.slice(5, 20)}`} || lpad(n::text, 11, '0'), ${productId},
        n % ${shardCount}::int
      from generate_series(1, ${wish.units}::int) as n`;
  });
  return { saleId, productId, units: wish.units, priceMinor };
}

/** The signer of the edge, as the checkout's settings name it. */
export async function makeSigner(): Promise<{ signer: PurchaseSigner; jwks: string }> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'faults', alg: 'EdDSA', use: 'sig' };
  return {
    signer: { kid: 'faults', key: privateKey },
    jwks: JSON.stringify({ keys: [jwk] }),
  };
}

export type TokenWish = {
  visitor?: string;
  number?: number;
  jti?: string;
  seconds?: number;
  /** Thumbprint of the key that it is bound to. */
  jkt?: string;
};
export type TestToken = { token: string; jti: string; visitor: string };

let tokensMade = 0;

/** A purchase token for a visitor of its own. */
export async function testToken(
  signer: PurchaseSigner,
  saleId: string,
  wish: TokenWish = {},
): Promise<TestToken> {
  tokensMade += 1;
  const { visitor = `visitor-${tokensMade}`, number = tokensMade, seconds = 600 } = wish;
  const jti = wish.jti ?? randomBytes(18).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  const times = { iat: now, nbf: now, exp: now + seconds };
  const token = await signPurchaseToken(signer, {
    sub: visitor,
    jti,
    sale: saleId,
    number,
    max: 1,
    ...times,
    ...(wish.jkt === undefined ? {} : { cnf: { jkt: wish.jkt } }),
  });
  return { token, jti, visitor };
}
