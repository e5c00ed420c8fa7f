import { eventually, type RedeemOptions, type Rig, rigInternalKey } from './checkout-rig.ts';
import { sandboxEvent } from './sandbox-rig.ts';

/** The sandbox's cards (CONTRACT.md section 4). */
export const cards = {
  pays: '4242424242424242',
  declined: '4000000000000002',
  slow: '4000000000000259',
  fails: '4000000000000119',
  thrice: '4000000000000044',
};

export type PlacedOrder = Awaited<ReturnType<typeof placeOrder>>;

export type PlaceWish = { token?: string } & Pick<RedeemOptions, 'email' | 'items'>;

/** For tests: an order of a rig's sale, and what is written about it. */
export async function placeOrder(rig: Rig, wish: PlaceWish = {}) {
  const { token = await rig.token(), ...rest } = wish;
  const { body } = await rig.redeem(token, rest);
  const id: string = body.order.id;
  const key: string = body.orderKey;
  const path = `/v1/orders/${id}`;
  const read = async () => (await rig.call('GET', path, { key })).body.order;
  return {
    id,
    key,
    path,
    unit: body.order.items[0].units[0] as string,
    read,
    page: async () => {
      const { body: html } = await rig.call('GET', `/checkout/orders/${id}`, { key });
      return String(html).replaceAll(/\s+/g, ' ');
    },
    pay: (card = cards.pays, instance = 0, json: object = { provider: 'sandbox', card }) =>
      rig.call('POST', `${path}/payments`, { key, json, instance }),
    cancel: (instance = 0) => rig.call('POST', `${path}/cancel`, { key, instance }),
    extend: () => rig.call('POST', `${path}/extend`, { key }),
    refund: (json: object = { actor: 'key:key_1' }, internal = rigInternalKey) =>
      rig.call('POST', `/internal/orders/${id}/refund`, { key: internal, json }),
    reaches: (state: string, secondsMax = 10) =>
      eventually(async () => ((await read()).state === state ? await read() : null), secondsMax),
    runsOut: (secondsAgo = 1) => rig.sql`
      update orders set pay_before = now() - make_interval(secs => ${secondsAgo})
      where id = ${id}`,
    payments: async () => await rig.sql`select * from payments where order_id = ${id} order by id`,
    ledger: async () =>
      await rig.sql`
      select actor, action, unit_ids, detail from ledger where order_id = ${id} order by id`,
    actions: async () =>
      (await rig.sql`select action from ledger where order_id = ${id} order by id`).map((row) =>
        String(row.action),
      ),
    /** What waits in the outbox under a topic about the order, its token or its payments. */
    told: async (topic: string) =>
      (
        await rig.sql`
        select payload from outbox where topic = ${topic} and (payload->>'orderId' = ${id}
          or payload->>'jti' in (${`again:${id}`}, (select jti from orders where id = ${id}))
          or payload->>'paymentId' in (select id from payments where order_id = ${id}))
        order by id`
      ).map((row) => row.payload),
  };
}

/** A signed event of the sandbox about a payment; what is not named is as it was asked for. */
export async function hear(rig: Rig, paymentId: string, news: object) {
  const [row] = await rig.sql`select * from payments where id = ${paymentId}`;
  const { amount_minor: amount, currency, reference } = row ?? {};
  const known = { paymentId, reference: reference ?? `sbx_${paymentId}`, state: 'succeeded' };
  const event = sandboxEvent({ ...known, amountMinor: Number(amount), currency, ...news });
  return (await rig.call('POST', '/webhooks/sandbox', event)).status;
}
