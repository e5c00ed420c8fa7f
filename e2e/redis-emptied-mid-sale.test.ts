import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CheckoutClient, cards } from './support/checkout-client.ts';
import { claimsOf, type Standing } from './support/edge-client.ts';
import { type Fixture, openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { emptyRedis } from './support/redis.ts';
import { joinShape, redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout, waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.whole();
  await stack?.close();
});

const units = 40;
const shoppers = 90;
const first = 60;
const room = { admitPerMinute: 300, maxActive: 60, tokenSeconds: 30, paySeconds: 10 };

/** What a shopper does when let in: buys at once or at the last moment, never pays, or nothing. */
const manners = [
  'buys',
  'is-late',
  'buys',
  'never-pays',
  'is-late',
  'buys',
  'never-spends',
] as const;
const lastMomentMs = 6_000;
type Shopper = { standing: Standing; manner: (typeof manners)[number]; token?: string };

/** Until it is answered for certain; a 503 says to ask again. */
async function spend(checkout: CheckoutClient, sale: Fixture, shopper: Shopper): Promise<number> {
  const purchase = {
    token: shopper.token ?? '',
    productId: sale.productId,
    idempotencyKey: `of-${shopper.standing.ticket.slice(-40)}`,
  };
  const answer = await waitFor('an answer', 20, async () => {
    const given = await checkout.tryRedeem(purchase);
    return given.status === 503 ? undefined : given;
  });
  if (answer.status !== 201 || shopper.manner === 'never-pays') return answer.status;
  const { order, orderKey } = answered(answer, 201, redemptionShape);
  await waitFor('the payment being taken', 20, async () => {
    return (await checkout.tryPay(order.id, orderKey, cards.pays)).status === 202;
  });
  return answer.status;
}

async function join(saleId: string): Promise<Standing> {
  return await waitFor('a place', 30, async () => {
    const path = `/api/sales/${saleId}/place`;
    const answer = await stack.edge.raw(path, { method: 'POST', json: {} });
    return answer.status === 201 ? answered(answer, 201, joinShape) : undefined;
  });
}

test('Redis emptied in the middle of a scarce sale: whoever is let in, before or after, can buy, and all is sold', async () => {
  const { edge, control, checkout } = stack;
  const sale = await openSale(control, edge, { units, room: { ...room, guaranteeStock: true } });
  const { saleId } = sale;
  const waiting: Shopper[] = [];
  const late: Shopper[] = [];
  const answers: number[] = [];
  let joined = 0;
  const joinSome = async (count: number) => {
    await mapBounded(Array.from({ length: count }), 5, async () => {
      const standing = await join(saleId);
      const manner = joined < first ? manners[joined % manners.length] : 'buys';
      waiting.push({ standing, manner: manner ?? 'buys' });
      joined += 1;
    });
  };
  const spendNow = async (list: Shopper[]) => {
    answers.push(...(await mapBounded(list, 5, (shopper) => spend(checkout, sale, shopper))));
  };
  /** Everyone in the line polls once; who is in does as is their manner. */
  const turn = async () => {
    const admitted: Shopper[] = [];
    await mapBounded([...waiting], 5, async (shopper) => {
      const { ticket } = shopper.standing;
      const place = await edge.raw(`/api/sales/${saleId}/place`, { bearer: ticket });
      if (!/"state":"(admitted|issued)"/.test(place.text)) return;
      const taken = await edge.raw(`/api/sales/${saleId}/place/token`, {
        method: 'POST',
        bearer: ticket,
      });
      // Emptied between the poll and this: the place is in line again.
      if (taken.status !== 200) return;
      shopper.token = JSON.parse(taken.text).token;
      admitted.push(shopper);
      waiting.splice(waiting.indexOf(shopper), 1);
    });
    late.push(...admitted.filter(({ manner }) => manner === 'is-late'));
    const due = late.filter(({ token }) => {
      return claimsOf(token ?? '').exp * 1_000 - Date.now() < lastMomentMs;
    });
    for (const shopper of due) late.splice(late.indexOf(shopper), 1);
    await spendNow([...due, ...admitted.filter(({ manner }) => /buys|never-pays/.test(manner))]);
  };
  const sold = async () => (await stack.addsUp(sale)).sold;

  await joinSome(first);
  await waitFor('a part being sold, and a part being promised', 30, async () => {
    await turn();
    return (await sold()) >= 10 && late.length >= 8;
  });
  await emptyRedis(stack);
  // One buys with Redis away; the others when the room would have let in whoever waits. These all
  // buy at once, so that nothing is left of a unit that was promised twice.
  await spendNow(late.splice(0, 1));
  for (const shopper of waiting) shopper.manner = 'buys';
  await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    async () => {
      await joinSome(shoppers - first);
      await waitFor('all being sold', 150, async () => {
        await turn();
        return late.length === 0 && (await sold()) === units;
      });
    },
  );
  expect(answers.filter((status) => status !== 201)).toEqual([]);
}, 240_000);
