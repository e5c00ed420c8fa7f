import { honoPurchase } from '@fairgate/shared/middleware/hono';
import { outcomeReports } from '@fairgate/shared/middleware/outcome-reports';
import { redeemOnce } from '@fairgate/shared/middleware/redemptions';
import { postgresRedemptions } from '@fairgate/shared/middleware/redemptions-postgres';
import { purchaseVerifier } from '@fairgate/shared/middleware/verifier';
import { Hono } from 'hono';
import type { Sql } from 'postgres';

/** The shop's own: whoever takes its money. */
export type Money = {
  authorise(order: string): Promise<{ capture(): Promise<void>; release(): Promise<void> }>;
};

export type ShopOptions = {
  /** Fairgate's public origin and control API, and a key with the role `operator`. */
  fairgateUrl: string;
  controlUrl: string;
  apiKey: string;
  /** This server's own public origin, which proofs of possession name. */
  origin: string;
  saleId: string;
  sql: Sql;
  money: Money;
};

export function shop({ fairgateUrl, controlUrl, apiKey, origin, saleId, sql, money }: ShopOptions) {
  const verify = purchaseVerifier({
    jwksUrl: `${fairgateUrl}/.well-known/jwks.json`,
    origins: [origin],
    sale: saleId,
  });
  const redemptions = postgresRedemptions((text, values) => sql.unsafe(text, values));
  const report = outcomeReports({ controlUrl, apiKey });
  const app = new Hono();

  // verify -> redeem once -> units are held -> the shop's own order
  app.post('/buy', honoPurchase(verify), async (c) => {
    const { claims, token } = c.var.purchase;
    const body = await c.req.text();
    const idempotencyKey = c.req.header('idempotency-key');
    return await redeemOnce({ redemptions, claims, idempotencyKey, body }, async () => {
      const { items } = JSON.parse(body);
      const [held] = await report(saleId, [{ token, outcome: 'started', items }]);
      if (held?.result !== 'accepted' || held.order === null) {
        const problem = held?.result === 'refused' ? held.problem : { status: 503 };
        return { status: problem.status, body: problem, spent: false };
      }
      const { id, payBefore, totalMinor, currency } = held.order;
      await sql`insert into shop_orders (id, token) values (${id}, ${token})
        on conflict (id) do nothing`;
      return { status: 201, body: { order: id, payBefore, totalMinor, currency } };
    });
  });

  // money is authorised -> the units are sold -> and only then the money is taken
  app.post('/orders/:id/pay', async (c) => {
    const id = c.req.param('id');
    const token = await tokenOf(id);
    if (token === null) return c.json({ error: 'There is no such order.' }, 404);
    const authorised = await money.authorise(id);
    const [sold] = await report(saleId, [{ token, outcome: 'bought' }]);
    if (sold?.result === 'accepted') {
      await authorised.capture();
      return c.json({ order: id, state: 'paid' });
    }
    await authorised.release();
    return c.json({ error: 'The order was not paid in time.' }, 410);
  });

  // whoever gives up gives the units back at once
  app.post('/orders/:id/cancel', async (c) => {
    const token = await tokenOf(c.req.param('id'));
    if (token === null) return c.json({ error: 'There is no such order.' }, 404);
    const [given] = await report(saleId, [{ token, outcome: 'abandoned' }]);
    return given?.result === 'accepted'
      ? c.json({ state: 'cancelled' })
      : c.json({ error: 'It is too late for that.' }, 409);
  });

  async function tokenOf(id: string): Promise<string | null> {
    const [row] = await sql<{ token: string }[]>`select token from shop_orders where id = ${id}`;
    return row?.token ?? null;
  }

  return app;
}
