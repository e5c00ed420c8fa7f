import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { purchaseSigner } from '@fairgate/shared/token/jwks.ts';
import { type PurchaseClaims, signPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { startEdge } from '../../e2e/support/edge-process.ts';
import { call } from '../../e2e/support/http.ts';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { freePort } from '../../scripts/free-port.ts';
import { readKeyFile } from '../../scripts/keys/key-file.ts';
import { parseKeyCommand } from '../../scripts/keys/options.ts';
import { runKeys } from '../../scripts/keys/run.ts';
import { makeRig } from './testing/checkout-rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairgate-keys-'));
const file = join(folder, 'keys.json');

/** `npm run keys -- …` on the file. */
function keys(...args: string[]): string {
  const command = parseKeyCommand([...args, '--file', file], {});
  return command === undefined ? '' : runKeys(command, new Date());
}

const purchaseSet = () => JSON.stringify(readKeyFile(file).purchaseKeys);

test('a rotation at the edge stops no token: old ones are redeemed, new ones too, by a checkout that ran on', async () => {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  keys('new');
  const port = await freePort();
  const redisUrl = await freshRedisUrl();
  const jwksUrl = `http://127.0.0.1:${port}/.well-known/jwks.json`;
  const rig = await makeRig({ databaseUrl: await freshDatabaseUrl(), units: [3], jwksUrl });
  onTestFinished(() => rig.close());
  const signed = async (set: string) => {
    const { iss: _, aud: __, ...claims } = decodeJwt(await rig.token());
    return await signPurchaseToken(await purchaseSigner(set), claims as PurchaseClaims);
  };
  const edgeWith = (set: string) => startEdge({ redisUrl, port, bindings: { PURCHASE_KEYS: set } });
  const kids = async () => JSON.parse((await call(jwksUrl)).text).keys.map(kidOf);

  let edge = await edgeWith(purchaseSet());
  const old = await signed(purchaseSet());
  const unused = await signed(purchaseSet());
  const [oldKid] = await kids();
  await edge.stop();
  expect(keys('new')).toContain('signs after the next rotation');
  expect(keys('rotate', '--now')).toContain('verifies; signed until');
  edge = await edgeWith(purchaseSet());
  onTestFinished(() => edge.stop());
  expect(await kids()).toHaveLength(2);
  expect((await kids())[1]).toBe(oldKid);
  expect((await call(jwksUrl)).text).not.toContain('"d"');

  expect((await rig.redeem(old)).status).toBe(201);
  const fresh = await signed(purchaseSet());
  expect(fresh.split('.')[0]).not.toBe(old.split('.')[0]);
  expect((await rig.redeem(fresh)).status).toBe(201);
  await edge.stop();
  expect((await rig.redeem(unused)).status).toBe(201);
}, 90_000);

function kidOf(key: { kid: string }): string {
  return key.kid;
}
