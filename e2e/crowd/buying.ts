import { cards } from '../support/checkout-client.ts';
import { type Answer, answered } from '../support/http.ts';
import {
  type OrderAnswer,
  type RedemptionAnswer,
  redemptionShape,
  saleShape,
} from '../support/shapes.ts';
import { Ending, type Fair, type Shopper } from './fair.ts';
import { followEvents, followPolling } from './following.ts';
import { provenBy } from './proven.ts';

/** Tries again while nothing is free: a redemption that finds nothing does not spend its token. */
export async function redeem(shopper: Shopper, token: string): Promise<RedemptionAnswer> {
  const { plan, record, fair } = shopper;
  const productIds = await productsOf(fair);
  for (let attempt = 0; ; attempt += 1) {
    const productId = productIds[(plan.index + attempt) % productIds.length];
    const answer = await sendRedemption(shopper, token, {
      idempotencyKey: `crowd-${plan.seed}-${attempt}`,
      json: { items: [{ productId, quantity: 1 }] },
    });
    if (answer.text.includes(':sold-out')) {
      record.wasRefusedUnits = true;
      if (fair.isOver()) throw new Ending('without');
      await fair.sender.pause(1_000);
      continue;
    }
    if (answer.status === 401 && answer.text.includes(':token-expired')) {
      throw new Ending('expired');
    }
    const redeemed = answered(answer, 201, redemptionShape);
    record.order = redeemed.order;
    record.stage = 'holding';
    return redeemed;
  }
}

/** Each try of a bound shopper comes with a proof of its own: one that was used is 401. */
async function sendRedemption(
  shopper: Shopper,
  token: string,
  wish: { idempotencyKey: string; json: object },
): Promise<Answer> {
  const { sender, edgeUrl } = shopper.fair;
  const url = `${edgeUrl}/v1/redemptions`;
  const proofsMax = 5;
  for (let attempt = 1; ; attempt += 1) {
    const proof = provenBy(shopper, 'POST', url, token);
    const scheme = proof.dpop === undefined ? 'Bearer' : 'DPoP';
    const answer = await sender.send(url, {
      method: 'POST',
      headers: {
        authorization: `${scheme} ${token}`,
        'idempotency-key': wish.idempotencyKey,
        ...proof,
      },
      json: wish.json,
    });
    const isUsed = answer.status === 401 && answer.text.includes(':proof-invalid');
    if (!isUsed || attempt >= proofsMax) return answer;
  }
}

async function productsOf(fair: Fair): Promise<string[]> {
  const answer = await fair.sender.send(`${fair.edgeUrl}/api/sales/${fair.saleId}`);
  return answered(answer, 200, saleShape).products.map(({ id }) => id);
}

/** Pays as the shopper is planned to, and notes how the order ended. */
export async function pay(shopper: Shopper, redeemed: RedemptionAnswer): Promise<void> {
  const { plan, record } = shopper;
  if (plan.habit === 'never-pays') throw new Ending('unpaid');
  if (plan.isDeclinedFirst) {
    await present(shopper, redeemed, cards.declined);
    await outcome(shopper, redeemed, (order) => Boolean(order.failure));
    record.wasDeclined = true;
  }
  const outcomeKnown = outcome(shopper, redeemed, () => false);
  await Promise.all([present(shopper, redeemed, cards.pays), outcomeKnown]);
  const order = await outcomeKnown;
  record.order = order;
  record.stage = order.state === 'paid' ? 'paid' : 'expired';
}

async function present(shopper: Shopper, redeemed: RedemptionAnswer, card: string): Promise<void> {
  const { edgeUrl, sender } = shopper.fair;
  const answer = await sender.send(`${edgeUrl}/v1/orders/${redeemed.order.id}/payments`, {
    method: 'POST',
    bearer: redeemed.orderKey,
    json: { provider: 'sandbox', card },
  });
  // The hold ran out meanwhile: the order says so too.
  if (answer.status === 202 || answer.status === 402 || answer.status === 410) return;
  throw new Error(`paying was answered ${answer.status}: ${answer.text}`);
}

/** The order once it is settled, or once `isEnough`. */
async function outcome(
  shopper: Shopper,
  redeemed: RedemptionAnswer,
  isEnough: (order: OrderAnswer) => boolean,
): Promise<OrderAnswer> {
  const isKnown = (order: OrderAnswer) => order.state !== 'awaiting_payment' || isEnough(order);
  const follow = shopper.plan.follows === 'events' ? followEvents : followPolling;
  return await follow(shopper.fair, redeemed, isKnown);
}
