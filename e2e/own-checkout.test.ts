import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fairgateClient } from '@fairgate/shared/client';
import { spentTokensTable } from '@fairgate/shared/middleware/redemptions-postgres';
import { getRequestListener } from '@hono/node-server';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buyAtTheShop } from './own-checkout/app.ts';
import { shop } from './own-checkout/shop.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { freshDatabaseUrl } from './support/stores.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let sql: postgres.Sql;
beforeAll(async () => {
  stack = await sharedStack();
  sql = postgres(await freshDatabaseUrl(afterAll), { max: 5, onnotice: () => {} });
  await sql.unsafe(spentTokensTable);
  await sql`create table shop_orders (id text primary key, token text not null)`;
});
afterAll(async () => {
  await sql?.end();
  await stack?.close();
});

const room = { ...openDoors, bindTokens: 'required' } as const;

/** A sale with so many units, and the shop of docs/own-checkout.md that sells them. */
async function openShop(units: number) {
  const { control, edge } = stack;
  const sale = await openSale(control, edge, { units, room });
  const { edgeUrl, controlUrl } = stack.info();
  const apiKey = await control.createApiKey('shop', 'operator');
  const till = { authorised: 0, captured: 0, released: 0 };
  const served = await serve((origin) =>
    shop({
      ...{ fairgateUrl: edgeUrl, controlUrl, apiKey, origin, saleId: sale.saleId, sql },
      money: {
        async authorise() {
          till.authorised += 1;
          return {
            async capture() {
              till.captured += 1;
            },
            async release() {
              till.released += 1;
            },
          };
        },
      },
    }),
  );
  const post = (path: string) => fetch(served + path, { method: 'POST' });
  const buy = () => buyAtTheShop(edgeUrl, served, sale.saleId, sale.productId, () => {});
  return { ...sale, url: served, edgeUrl, till, post, buy };
}

/** Served by its own origin, as proofs name it. */
async function serve(make: (origin: string) => ReturnType<typeof shop>): Promise<string> {
  let listener: ReturnType<typeof getRequestListener> | null = null;
  const server: Server = createServer((request, response) => void listener?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  listener = getRequestListener(make(origin).fetch);
  return origin;
}

const orderOf = async (answer: Response) => String(Object(await answer.json()).order);

describe('a checkout of the shop’s own', () => {
  test('sells what Fairgate counts: join, token, held, paid, and the summary has it', async () => {
    const here = await openShop(2);
    const bought = await here.buy();
    expect(bought.status).toBe(201);
    const order = await orderOf(bought);
    expect(await stack.addsUp(here)).toMatchObject({ free: 1, held: 1, sold: 0 });
    const paid = await here.post(`/orders/${order}/pay`);
    expect(await paid.json()).toEqual({ order, state: 'paid' });
    expect(here.till).toEqual({ authorised: 1, captured: 1, released: 0 });
    expect(await stack.addsUp(here)).toMatchObject({ free: 1, held: 0, sold: 1 });
    const summary = await waitFor('a summary on which both stores agree', 20, async () => {
      const found = await stack.control.summary(here.saleId);
      return found.reconciled && found.funnel.redeemed === 1 ? found : undefined;
    });
    expect(summary.products).toMatchObject([{ free: 1, held: 0, sold: 1, revenueMinor: 2_500 }]);
    expect(summary.funnel).toMatchObject({ joined: 1, admitted: 1, issued: 1, paid: 1 });
    expect(await stack.control.orders(here.saleId)).toMatchObject([{ id: order, state: 'paid' }]);
  });

  test('redeems a token once: the same key gets the same answer, every other try 409', async () => {
    const here = await openShop(3);
    const fairgate = fairgateClient({ origin: here.edgeUrl });
    await fairgate.join(here.saleId);
    for await (const _ of fairgate.wait(here.saleId)) {
      // Until it is their turn.
    }
    const { token } = await fairgate.token(here.saleId);
    const url = `${here.url}/buy`;
    const body = JSON.stringify({ items: [{ productId: here.productId, quantity: 1 }] });
    const buy = async (key: string) => {
      const shown = await fairgate.showToken(token, { method: 'POST', url });
      return await fetch(url, {
        method: 'POST',
        headers: { ...shown, 'idempotency-key': key },
        body,
      });
    };
    const first = await buy('one');
    const again = await buy('one');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.json()).toEqual(await first.json());
    const other = await buy('two');
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({
      type: 'urn:fairgate:problem:token-already-redeemed',
    });
    // Nor at Fairgate's own checkout.
    const items = [{ productId: here.productId, quantity: 1 }];
    await expect(fairgate.redeem({ token, items })).rejects.toMatchObject({
      slug: 'token-already-redeemed',
    });
    const copied = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(copied.status).toBe(401);
    expect(copied.headers.get('www-authenticate')).toContain('DPoP');
    expect(await stack.addsUp(here)).toMatchObject({ free: 2, held: 1, sold: 0 });
  });

  test('gives back what a shopper gives up, to the next; and takes no money for what is gone', async () => {
    const here = await openShop(1);
    const order = await orderOf(await here.buy());
    const next = here.buy();
    expect((await here.post(`/orders/${order}/cancel`)).status).toBe(200);
    expect((await here.post(`/orders/${order}/pay`)).status).toBe(410);
    expect(here.till).toEqual({ authorised: 1, captured: 0, released: 1 });
    const second = await next;
    expect(second.status).toBe(201);
    expect((await here.post(`/orders/${await orderOf(second)}/pay`)).status).toBe(200);
    expect(here.till).toEqual({ authorised: 2, captured: 1, released: 1 });
    expect(await stack.addsUp(here)).toMatchObject({ free: 0, held: 0, sold: 1 });
  });
});

test('the code in docs/own-checkout.md is the code that these tests run', () => {
  const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const page = read('docs/own-checkout.md');
  for (const file of ['e2e/own-checkout/shop.ts', 'e2e/own-checkout/app.ts']) {
    expect(page).toContain(`\`\`\`ts\n${read(file)}\`\`\``);
  }
  expect(page).toContain(`\`\`\`sql\n${spentTokensTable.trim()}\n\`\`\``);
});
