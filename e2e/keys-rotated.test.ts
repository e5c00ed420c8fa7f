import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { purchaseSigner } from '@fairgate/shared/token/jwks.ts';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../scripts/free-port.ts';
import { readKeyFile } from '../scripts/keys/key-file.ts';
import { parseKeyCommand } from '../scripts/keys/options.ts';
import { runKeys } from '../scripts/keys/run.ts';
import { startCheckouts } from './faults/checkout-processes.ts';
import { seedSale, testToken } from './faults/sale.ts';
import { startEdge } from './support/edge-process.ts';
import { call } from './support/http.ts';
import { freshRedisUrl } from './support/stores.ts';

/** `npm run keys -- …` on a file of the test. */
function keyFile() {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'keys.json');
  return {
    keys(...args: string[]): string {
      const command = parseKeyCommand([...args, '--file', file], {});
      return command === undefined ? '' : runKeys(command, new Date());
    },
    purchaseSet: () => JSON.stringify(readKeyFile(file).purchaseKeys),
  };
}

test('a rotation at the edge stops no token: old ones are redeemed, new ones too, by a checkout that ran on', async () => {
  const { keys, purchaseSet } = keyFile();
  keys('new');
  const port = await freePort();
  const redisUrl = await freshRedisUrl();
  const jwksUrl = `http://127.0.0.1:${port}/.well-known/jwks.json`;
  const checkouts = await startCheckouts({ settings: { FAIRGATE_JWKS_URL: jwksUrl } });
  onTestFinished(checkouts.stop);
  const { saleId, productId } = await seedSale(checkouts.sql, { units: 3 });
  const signed = async () => (await testToken(await purchaseSigner(purchaseSet()), saleId)).token;
  const redeemed = async (token: string) =>
    (await checkouts.first.shopper.tryRedeem({ token, productId })).status;
  const edgeNow = () => startEdge({ redisUrl, port, bindings: { PURCHASE_KEYS: purchaseSet() } });
  const kids = async (): Promise<string[]> =>
    JSON.parse((await call(jwksUrl)).text).keys.map(({ kid }: { kid: string }) => kid);

  let edge = await edgeNow();
  const [old, unused] = [await signed(), await signed()];
  const [oldKid] = await kids();
  await edge.stop();
  expect(keys('new')).toContain('signs after the next rotation');
  expect(keys('rotate', '--now')).toContain('verifies; signed until');
  edge = await edgeNow();
  onTestFinished(() => edge.stop());
  expect(await kids()).toHaveLength(2);
  expect((await kids())[1]).toBe(oldKid);
  expect((await call(jwksUrl)).text).not.toContain('"d"');

  expect(await redeemed(old)).toBe(201);
  const fresh = await signed();
  expect(fresh.split('.')[0]).not.toBe(old.split('.')[0]);
  expect(await redeemed(fresh)).toBe(201);
  await edge.stop();
  expect(await redeemed(unused)).toBe(201);
}, 120_000);
