import { serverEvents } from '../support/events.ts';
import { answered } from '../support/http.ts';
import {
  type OrderAnswer,
  orderAnswerShape,
  orderShape,
  type RedemptionAnswer,
} from '../support/shapes.ts';
import type { Fair } from './fair.ts';

/** Returns the order as soon as `isKnown` of it; rejects when that does not come in time. */
export type Follow = (
  fair: Fair,
  redeemed: RedemptionAnswer,
  isKnown: (order: OrderAnswer) => boolean,
) => Promise<OrderAnswer>;

const outcomeSecondsMax = 60;
const outcomePollMs = 500;

export const followPolling: Follow = async (fair, { order, orderKey }, isKnown) => {
  const endMs = Date.now() + outcomeSecondsMax * 1_000;
  const url = `${fair.edgeUrl}/v1/orders/${order.id}`;
  while (Date.now() < endMs) {
    const answer = await fair.sender.send(url, { bearer: orderKey });
    const now = answered(answer, 200, orderAnswerShape).order;
    if (isKnown(now)) return now;
    await new Promise((resolve) => setTimeout(resolve, outcomePollMs));
  }
  throw new Error(`order ${order.id} was not settled within ${outcomeSecondsMax} s`);
};

/** By server-sent events. A stream may break off, as when its checkout is restarted; then one asks as others do. */
export const followEvents: Follow = async (fair, redeemed, isKnown) => {
  const { order, orderKey } = redeemed;
  const url = `${fair.edgeUrl}/v1/orders/${order.id}/events`;
  try {
    const patience = AbortSignal.timeout(outcomeSecondsMax * 1_000);
    for await (const { event, data } of serverEvents(url, orderKey, patience)) {
      if (event !== 'order') continue;
      const now = orderFromEvent(data);
      if (isKnown(now)) return now;
    }
  } catch {
    // Falls through to asking.
  }
  return await followPolling(fair, redeemed, isKnown);
};

function orderFromEvent(data: string): OrderAnswer {
  const parsed: unknown = JSON.parse(data);
  const wrapped = orderAnswerShape.safeParse(parsed);
  return wrapped.success ? wrapped.data.order : orderShape.parse(parsed);
}
