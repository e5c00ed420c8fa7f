import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderInState } from './support/checkout-client.ts';
import type { Standing } from './support/edge-client.ts';
import { type Fixture, openDoors, openSale } from './support/fixtures.ts';
import { mapBounded } from './support/http.ts';
import type { RedemptionAnswer } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout, holdsFor, waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

/**
 * Each admission was promised a unit that was free, or given back before: by an order that ran out,
 * or a token that was not spent, both decided in Postgres; or by one of `untaken` admissions whose
 * token nobody took, which end in the room. Admissions are counted first, what was given back after.
 */
async function expectNoMorePromisedThanUnits(sale: Fixture, untaken = 0): Promise<void> {
  const { admittedTotal } = await stack.control.figures(sale.saleId);
  const { saleId } = sale;
  const [row] = await stack.sql`
    select (select count(*)::int from orders where sale_id = ${saleId} and state = 'expired') +
      (select count(*)::int from redemptions where sale_id = ${saleId} and kind = 'lapsed') as back`;
  expect(admittedTotal).toBeLessThanOrEqual(sale.units + Number(row?.back) + untaken);
  await stack.addsUp(sale);
}

/** Everyone in the line polls; those who are in take their tokens. */
async function tokensOfAdmitted(sale: Fixture, line: Standing[]): Promise<Map<Standing, string>> {
  const tokens = new Map<Standing, string>();
  await mapBounded(line, 20, async (standing) => {
    const { state } = await stack.edge.poll(sale.saleId, standing.ticket);
    if (state !== 'admitted' && state !== 'issued') return;
    tokens.set(standing, (await stack.edge.takeToken(sale.saleId, standing.ticket)).token);
  });
  return tokens;
}

async function tokensOf(
  sale: Fixture,
  line: Standing[],
  count: number,
  seconds: number,
): Promise<Map<Standing, string>> {
  return await waitFor(`${count} being let in`, seconds, async () => {
    const tokens = await tokensOfAdmitted(sale, line);
    return tokens.size >= count ? tokens : undefined;
  });
}

async function redeemAll(sale: Fixture, tokens: Iterable<string>): Promise<RedemptionAnswer[]> {
  const { productId } = sale;
  return await mapBounded([...tokens], 12, (token) => stack.checkout.redeem({ token, productId }));
}

async function payAll(orders: RedemptionAnswer[]): Promise<void> {
  await mapBounded(orders, 12, async (redeemed) => {
    await stack.checkout.pay(redeemed.order.id, redeemed.orderKey);
    await orderInState(stack.checkout, redeemed, 'paid');
  });
}

test.concurrent('no more are let in than can buy, and what unpaid orders give back goes to the next', async () => {
  const { edge, control } = stack;
  const room = { ...openDoors, tokenSeconds: 120, paySeconds: 10, guaranteeStock: true };
  const sale = await openSale(control, edge, { units: 12, room });
  const line = await mapBounded(Array.from({ length: 40 }), 1, () => edge.join(sale.saleId));
  await checkingThroughout(
    () => expectNoMorePromisedThanUnits(sale),
    async () => {
      const first = await tokensOf(sale, line, 12, 10);
      expect([...first.keys()]).toHaveLength(12);
      await holdsFor(2, async () => {
        expect((await control.figures(sale.saleId)).admittedTotal).toBe(12);
      });
      const orders = await redeemAll(sale, first.values());
      await payAll(orders.slice(0, 6));

      // Six holds run out; exactly six more are let in, and each of them can buy.
      const rest = line.filter((standing) => !first.has(standing));
      const second = await tokensOf(sale, rest, 6, 25);
      expect(second.size).toBe(6);
      const inOrder = rest.slice(0, 6).map(({ place }) => place.number);
      expect([...second.keys()].map(({ place }) => place.number).sort((a, b) => a - b)).toEqual(
        inOrder,
      );
      await payAll(await redeemAll(sale, second.values()));
    },
  );
  expect(await stack.addsUp(sale)).toMatchObject({ free: 0, held: 0, sold: 12, orders: 18 });
  expect((await control.figures(sale.saleId)).admittedTotal).toBe(18);
  await waitFor('shoppers being told', 5, async () => {
    const place = await edge.poll(sale.saleId, line[39]!.ticket);
    return place.saleState === 'sold_out' && place.outlook.kind === 'sold_out';
  });
});

test.concurrent('units of tokens that nobody took or spent are promised to the next in line', async () => {
  const { edge, control } = stack;
  const room = { ...openDoors, tokenSeconds: 5, paySeconds: 600, guaranteeStock: true };
  const sale = await openSale(control, edge, { units: 4, room });
  const line = await mapBounded(Array.from({ length: 8 }), 1, () => edge.join(sale.saleId));
  const absent = line.slice(0, 2);
  const idle = line.slice(2, 4);
  await checkingThroughout(
    () => expectNoMorePromisedThanUnits(sale, absent.length),
    async () => {
      await tokensOf(sale, idle, 2, 10);
      expect((await control.figures(sale.saleId)).admittedTotal).toBe(4);
      const next = line.slice(4);
      const redeemed = new Set<Standing>();
      await waitFor('the next four buying', 40, async () => {
        const waiting = next.filter((standing) => !redeemed.has(standing));
        for (const [standing, token] of await tokensOfAdmitted(sale, waiting)) {
          await stack.checkout.redeem({ token, productId: sale.productId });
          redeemed.add(standing);
        }
        return redeemed.size === next.length;
      });
    },
  );
  expect(await stack.addsUp(sale)).toMatchObject({ free: 0, held: 4, orders: 4 });
  for (const { ticket } of [...absent, ...idle]) {
    expect((await edge.poll(sale.saleId, ticket)).state).toBe('expired');
  }
});

test.concurrent('stock that is added while a sale is sold out is sold', async () => {
  const { edge, control, checkout } = stack;
  const sale = await openSale(control, edge, { units: 1 });
  const line = await mapBounded([1, 2, 3], 1, () => edge.join(sale.saleId));
  const [first] = await tokensOf(sale, line, 1, 10);
  await payAll(await redeemAll(sale, [first![1]]));
  await waitFor('being sold out', 5, async () => {
    return (await edge.sale(sale.saleId)).state === 'sold_out';
  });
  await control.addStock(sale.productId, 2);
  const grown = { ...sale, units: 3 };
  const rest = line.filter((standing) => standing !== first![0]);
  const tokens = await tokensOf(grown, rest, 2, 10);
  for (const token of tokens.values()) await checkout.redeem({ token, productId: sale.productId });
  expect(await stack.addsUp(grown)).toMatchObject({ free: 0, held: 2, sold: 1 });
});
