import { randomBytes } from 'node:crypto';
import { makeProof, newProofKey, type ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { type PurchaseSigner, signPurchaseToken } from '@fairgate/shared/token/purchase.ts';

export type Shoppers = {
  /** Redemptions that are ready to be sent: proofs are good for a minute. */
  requests(count: number): Promise<Buffer[]>;
};

const path = '/v1/redemptions';

/** Shoppers with a key each, as browsers make them (P-256), and a fresh token for each request. */
export function benchShoppers(options: {
  signer: PurchaseSigner;
  origin: string;
  saleId: string;
  productId: string;
  bound: boolean;
  keyCount: number;
}): Shoppers {
  const keys = Array.from({ length: options.keyCount }, () => newProofKey());
  const items = [{ productId: options.productId, quantity: 1 }];
  const body = JSON.stringify({ items });
  let number = 0;

  async function one(): Promise<Buffer> {
    number += 1;
    const key = keys[number % keys.length];
    if (!key) throw new Error('there are no keys');
    const token = await tokenFor(options, number, options.bound ? key : null);
    const proof = makeProof(key, { method: 'POST', url: options.origin + path, token });
    const credential = options.bound
      ? `authorization: DPoP ${token}\r\ndpop: ${proof}`
      : `authorization: Bearer ${token}`;
    return Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${credential}\r\n` +
        `idempotency-key: ${randomBytes(16).toString('base64url')}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  return {
    async requests(count) {
      const made: Buffer[] = [];
      for (let i = 0; i < count; i += 1) made.push(await one());
      return made;
    },
  };
}

function tokenFor(
  options: { signer: PurchaseSigner; saleId: string },
  number: number,
  key: ProofKey | null,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return signPurchaseToken(options.signer, {
    sub: randomBytes(16).toString('base64url'),
    jti: randomBytes(24).toString('base64url'),
    sale: options.saleId,
    number,
    max: 1,
    iat: now,
    nbf: now,
    exp: now + 600,
    ...(key ? { cnf: { jkt: key.jkt } } : {}),
  });
}
