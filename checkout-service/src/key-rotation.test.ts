import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { makeRig } from './testing/checkout-rig.ts';

const nowSeconds = () => Math.floor(Date.now() / 1_000);

describe('a rotation of the keys', () => {
  it('is learnt from the published set over HTTP, while the old key still verifies', async () => {
    const set: { keys: object[] } = { keys: [] };
    let fetches = 0;
    const server = createServer((_, response) => {
      fetches += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(set));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const jwksUrl = `http://127.0.0.1:${port}/.well-known/jwks.json`;
    const rotating = await makeRig({
      databaseUrl: await freshDatabaseUrl(afterAll),
      units: [9],
      jwksUrl,
    });
    try {
      const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
      set.keys.push({ ...(await exportJWK(publicKey)), kid: 'next', alg: 'EdDSA', use: 'sig' });
      const next = { kid: 'next', key: privateKey };
      const tokens = await Promise.all(
        [1, 2, 3].map((number) =>
          signPurchaseToken(next, {
            sub: `next-${number}`,
            jti: `next-${number}`,
            sale: rotating.saleId,
            number,
            max: 1,
            iat: nowSeconds(),
            nbf: nowSeconds(),
            exp: nowSeconds() + 60,
          }),
        ),
      );
      const answers = await Promise.all(tokens.map((token) => rotating.redeem(token)));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect((await rotating.redeem(await rotating.token())).status).toBe(201);
      expect(fetches).toBe(1);
    } finally {
      await rotating.close();
      server.close();
    }
  });

  it('is waited for while the published set is away: 503, and one line of log for many tokens', async () => {
    const lines: string[] = [];
    const note = (_: object, message: string) => void lines.push(message);
    const rig = await makeRig({
      databaseUrl: await freshDatabaseUrl(afterAll),
      units: [1],
      jwksUrl: 'http://127.0.0.1:1/.well-known/jwks.json',
      log: { info: note, warn: note, error: note },
    });
    try {
      const token = await rig.token();
      const unknown = Buffer.from('{"alg":"EdDSA","typ":"purchase+jwt","kid":"forged"}');
      const forged = token.replace(/^[^.]+/, unknown.toString('base64url'));
      const answers = await Promise.all(Array.from({ length: 30 }, () => rig.redeem(forged)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      // How the room's Redis does is told in the same log.
      const ofKeys = lines.filter((line) => line.includes('keys'));
      expect(ofKeys).toEqual(['the published keys of purchase tokens are away']);
      expect((await rig.redeem(token)).status).toBe(201);
    } finally {
      await rig.close();
    }
  });
});
