import { expect, it } from 'vitest';
import { webhookReceiver } from '../../../e2e/support/webhook-receiver.ts';
import { tellingFixture } from '../../test/telling.ts';
import { webhookRig } from '../../test/webhook-rig.ts';

it('a shop hears once of each place whose shopper is told, by however many ways, and of no shopper', async () => {
  const own = await tellingFixture();
  const rig = await webhookRig(own.service);
  const shop = await webhookReceiver();
  const eventTypes = ['place.soon', 'place.admitted', 'place.sold_out'];
  await rig.addHook(shop.url, { eventTypes });
  const room = { admitPerMinute: 60, maxActive: 1, tokenSeconds: 3_600 };
  const { saleId, productId } = await own.sale(room);
  const [first = 0, second = 0] = await own.join('visitor-a', 'visitor-b', 'visitor-silent');
  const browser = own.push.subscribe();
  await own.ask('visitor-a', first, { email: 'a@example.org' });
  await own.ask('visitor-b', second, {
    email: 'b@example.org',
    pushSubscription: browser.subscription,
  });
  const [one, two] = [own.teller(), own.teller()];
  await own.seconds(3, async () => {
    await Promise.all([one(), two()]);
  });
  await rig.until(() => expect(shop.all).toHaveLength(2));
  // Another way is added: the shopper is told by that one too, and the shop heard of it already.
  await own.ask('visitor-a', first, { pushSubscription: own.push.subscribe().subscription });
  await own.seconds(1, one);
  await own.service.room.picture(saleId, 1e15, [{ productId, free: 0, held: 0, sold: 5 }]);
  await own.seconds(12, one);
  await rig.until(() => expect(shop.all).toHaveLength(3));
  await rig.keeper.hand();
  const told = shop.all.map(({ event: { type, data } }) => [type, data]);
  const place = (number: number) => ({ place: { saleId, number, lane: 'main' } });
  expect(told).toHaveLength(3);
  expect(told).toEqual(
    expect.arrayContaining([
      ['place.admitted', place(first)],
      ['place.soon', place(second)],
      ['place.sold_out', place(second)],
    ]),
  );
  expect(shop.all.map(({ body }) => body).join()).not.toMatch(/visitor-|example\.org/);
});
